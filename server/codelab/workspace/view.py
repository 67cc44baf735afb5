"""Files as the person sees them: an editor's unsaved text where there is one, else the disk."""

from dataclasses import dataclass
from pathlib import Path

from codelab.core.errors import InputError
from codelab.store.overlay import Overlay
from codelab.workspace.files import read_bytes
from codelab.workspace.text import TextFile, decode, encode


@dataclass(frozen=True, slots=True)
class ViewedFile:
    """A file at one moment.

    Attributes:
        path: The file, relative to the workspace.
        data: Its bytes; of an unsaved buffer, those that saving it would write.
        text: Its text with the line ends it has.
        unsaved: Whether an editor shows it other than the disk has it.
        face: The face that has it open, or an empty string.
        file: How text becomes bytes, for ``encode``.
    """

    path: str
    data: bytes
    text: str
    unsaved: bool
    face: str
    file: TextFile


class WorkspaceView:
    """A workspace as its editors show it.

    Args:
        root: The workspace.
        overlay: Its unsaved buffers.
    """

    def __init__(self, root: Path, overlay: Overlay) -> None:
        self.root = root
        self._overlay = overlay

    def read(self, path: str) -> ViewedFile:
        """Return a file.

        Args:
            path: As ``paths.relative`` returns it.

        Raises:
            PathRefused: It is no plain file inside the workspace.
            NotFound: There is neither a file nor a buffer.
            InputError: It is binary.
        """
        buffer = self._overlay.buffers().get(path)
        if buffer is None:
            data = read_bytes(self.root, path)
            file = decode(path, data)
            return ViewedFile(path, data, file.text, unsaved=False, face="", file=file)
        disk = self._on_disk(path)
        file = _form(path, buffer.text, disk)
        data = encode(file, buffer.text)
        return ViewedFile(path, data, buffer.text, unsaved=data != disk, face=buffer.face, file=file)

    def _on_disk(self, path: str) -> bytes | None:
        try:
            return read_bytes(self.root, path)
        except InputError:
            return None


def _form(path: str, text: str, disk: bytes | None) -> TextFile:
    """Return how the text of a buffer is saved: as its file is, if that can hold it."""
    if disk is not None:
        try:
            form = decode(path, disk)
            encode(form, text)
        except InputError:
            pass
        else:
            return form
    return decode(path, text.encode("utf-8", "replace"))
