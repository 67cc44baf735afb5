"""What a face with an editor does for the layers below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from codelab.core.positions import TextEdit


@dataclass(frozen=True, slots=True)
class BufferEdit:
    """A change of one open buffer, for the editor to make.

    Attributes:
        path: The file, relative to the workspace root.
        edits: Non-overlapping edits against the buffer's text as the workbench last saw it.
        before: That text, for a face that must check that it still stands.
        label: What the change is, for the editor's undo list.
    """

    path: str
    edits: Sequence[TextEdit]
    before: str
    label: str


class Editor(Protocol):
    """What a face with an editor does for the workbench."""

    async def apply(self, edit: BufferEdit) -> bool:
        """Change an open buffer.

        Returns:
            True if the editor said that it applied the change; false if it refused, answered null, or the
            buffer is not what ``before`` says.
        """
        ...
