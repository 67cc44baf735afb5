"""What a command has changed, read from the layer that it wrote to.

The layer is as hostile as the command: nothing in it is followed, and everything that is not a plain file is
told and left behind.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from codelab.core.errors import CodeLabError
from codelab.sandbox.ignored import Ignored
from codelab.sandbox.stage import Stage
from codelab.workspace.reading import read_bytes, read_optional

MOST_FILES = 200  # more than that nobody looks through
MOST_BYTES = 1_000_000  # SAFE-5: written content is at most 1 MB
_OPAQUE = "user.overlay.opaque"


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file before and after a command; None where there is none.

    Attributes:
        path: Relative to the workspace.
        before: Its bytes in the workspace now, or as an editor shows it.
        after: Its bytes as the command left them.
        executable: Whether a new file may be executed.
    """

    path: str
    before: bytes | None
    after: bytes | None
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What a command has changed.

    Attributes:
        files: Changed, made or deleted files, by path.
        left: Paths that are left as they are in the workspace, and why.
        ignored: Number of files in folders of builds, or ignored by git.
    """

    files: tuple[ChangedFile, ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    ignored: int = 0


def read_difference(
    stage: Stage,
    root: Path,
    unsaved: Mapping[str, bytes] = MappingProxyType({}),
    *,
    merged: bool = False,
) -> Difference:
    """Compare the layer that a command wrote with the workspace as it is now.

    Args:
        stage: The command's folder, after its end.
        root: The workspace.
        unsaved: Files that it saw otherwise than they are on disk, see ``Job``.
        merged: Whether it is a merge: then nothing is passed over as a build or as ignored, and git's own
            files, which are brought over otherwise, are not looked at.

    Returns:
        What differs from what it saw. A file that changed in the workspace while the command ran is among
        those left: the command has not seen that change.
    """
    reader = _Reader(stage, root, unsaved, merged=merged)
    files: list[ChangedFile] = []
    left: list[tuple[str, str]] = []
    for path in reader.touched(""):
        try:
            file = reader.read(path)
        except CodeLabError as error:
            left.append((_told(path), error.why or error.what))
            continue
        if isinstance(file, str):
            left.append((_told(path), file))
        elif file is not None and len(files) < MOST_FILES:
            files.append(file)
        elif file is not None:
            left.append((path, f"more than {MOST_FILES} files changed"))
    files.sort(key=lambda file: file.path)
    return Difference(tuple(files), tuple(sorted(left)), reader.ignored)


class _Reader:
    def __init__(self, stage: Stage, root: Path, unsaved: Mapping[str, bytes], *, merged: bool) -> None:
        self.ignored = 0
        self._merged = merged
        self._unsaved = unsaved
        self._upper = stage.upper
        self._root = root
        self._began = stage.began
        self._rules = Ignored(root)
        self._hidden = frozenset(stage.hidden)

    def touched(self, folder: str) -> Iterator[str]:
        """Yield the files of the layer, and those of the workspace that it covers or deletes."""
        with suppress(OSError):
            os.chmod(self._upper / folder, 0o700)  # a command may have made it unreadable
        try:
            entries = sorted(os.scandir(self._upper / folder), key=lambda entry: entry.name)
        except OSError:
            return
        if folder and _is_opaque(self._upper / folder):
            kept = {entry.name for entry in entries}
            yield from (
                path for path in self._below(folder) if path[len(folder) + 1 :].split("/")[0] not in kept
            )
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if self._merged and path == ".git":
                continue
            if entry.is_dir(follow_symlinks=False):
                if not self._merged and self._rules.folder(path):
                    self.ignored += 1
                else:
                    yield from self.touched(path)
                    if self._is_plain_file(path):
                        yield path
            elif not self._merged and self._rules.file(path):
                self.ignored += 1
            elif (
                _is_whiteout(entry) and (self._root / path).is_dir() and not (self._root / path).is_symlink()
            ):
                yield from self._below(path)
            elif path not in self._hidden:
                yield path

    def read(self, path: str) -> ChangedFile | str | None:
        """Return a file before and after, why it is left, or None where nothing differs."""
        status, now = _status(self._upper / path), _status(self._root / path)
        if reason := self._reason_to_leave(path, status, now):
            return reason
        before = self._unsaved.get(path)
        if before is None:
            before = read_optional(self._root, path)
        after, executable = None, False
        if status is not None and not _gone(status):
            executable = bool(status.st_mode & 0o100)
            if self._merged and now is not None and executable != bool(now.st_mode & 0o100):
                return "whether it can be executed changes"
            with suppress(OSError):
                os.chmod(self._upper / path, 0o700 if executable else 0o600)
            after = read_bytes(self._upper, path, limit=MOST_BYTES)
        return ChangedFile(path, before, after, executable) if after != before else None

    def _reason_to_leave(self, path: str, status: os.stat_result | None, now: os.stat_result | None) -> str:
        reasons: list[tuple[bool, str]] = [(not path.isprintable(), "its name is not plain text")]
        if status is not None:
            plain = stat.S_ISREG(status.st_mode) or _gone(status)
            reasons += [
                (stat.S_ISLNK(status.st_mode), "it is a symbolic link"),
                (not plain, "it is not a plain file"),
                (status.st_size > MOST_BYTES, f"it has more than {MOST_BYTES:,} bytes"),
            ]
        if now is not None:
            reasons += [
                (not stat.S_ISREG(now.st_mode), "what is there is not a plain file"),
                (now.st_ctime_ns >= self._began, "it was changed in the workspace while the command ran"),
            ]
        return next((reason for holds, reason in reasons if holds), "")

    def _below(self, folder: str) -> Iterator[str]:
        """Yield the files of the workspace in a folder that the layer hides."""
        for place, folders, names in os.walk(self._root / folder):
            inside = Path(place).relative_to(self._root).as_posix()
            folders[:] = [name for name in folders if not self._rules.folder(f"{inside}/{name}")]
            yield from (f"{inside}/{name}" for name in names if not self._rules.file(f"{inside}/{name}"))

    def _is_plain_file(self, path: str) -> bool:
        status = _status(self._root / path)
        return status is not None and stat.S_ISREG(status.st_mode)


def _told(path: str) -> str:
    """Return a path that can be shown and stored, also where its bytes are no text."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _gone(status: os.stat_result) -> bool:
    """Tell whether this stands for a deleted file: a character device 0, 0."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def _is_whiteout(entry: "os.DirEntry[str]") -> bool:
    try:
        return _gone(entry.stat(follow_symlinks=False))
    except OSError:
        return False


def _is_opaque(folder: Path) -> bool:
    """Tell whether a folder of the layer hides all that the workspace has there."""
    try:
        return os.getxattr(folder, _OPAQUE, follow_symlinks=False) == b"y"
    except OSError:
        return False
