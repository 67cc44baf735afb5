"""The folders that one command needs: the layer that it writes to, and what stands for hidden files."""

import os
import shutil
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from codelab.core.errors import StateError
from codelab.core.ids import new_id
from codelab.sandbox.git_config import harmless_config
from codelab.sandbox.hidden import hidden_files, is_there

if sys.platform != "win32":
    import fcntl

_MAKING_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Stage:
    """The folder of one command while it runs and while what it changed is looked at.

    Attributes:
        path: The folder. In it: ``upper``, the layer over the workspace; ``work``, ``merged`` and ``lower``,
            which the mount needs; ``scratch``, for what is written where there is no layer; ``empty``, a
            file; ``config``, what of ``.git/config`` may be seen.
        read_only: Paths of the workspace that the command may not change.
        has_config: Whether there is a ``.git/config``, to be covered by ours.
        hidden: Paths of the workspace in whose place it sees an empty file.
        began: Time of change that a file written now would get, in nanoseconds.
    """

    path: Path
    read_only: tuple[str, ...]
    has_config: bool
    hidden: tuple[str, ...]
    began: int

    @property
    def upper(self) -> Path:
        """The layer that the command writes to."""
        return self.path / "upper"


@contextmanager
def prepared_stage(folder: Path, root: Path) -> Iterator[Stage]:
    """Make the folders for one command; remove them with all that it left there when the block ends.

    Args:
        folder: Where they may be made: private to the person, outside of every workspace.
        root: The workspace.

    Raises:
        StateError: They cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        sweep(folder)
        path = folder / new_id("job")
        path.mkdir(mode=0o700)
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(
            "No folder for the command could be made",
            why=f"{folder}: {error.strerror}",
            fix="Free some space, or make the folder writable",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("upper", "work", "merged", "lower", "scratch"):
            (path / name).mkdir()
        (path / "empty").touch(mode=0o444)
        read_only = tuple(name for name in (".git", ".codelab") if is_there(root / name))
        hidden = tuple(hidden_files(root))
        began = (path / "empty").stat().st_ctime_ns
        config = harmless_config(root)
        if config is not None:
            (path / "config").write_text(config, encoding="utf-8", errors="surrogateescape")
        yield Stage(path, read_only, config is not None, hidden, began)
    finally:
        os.close(lock)
        remove_tree(path)


def sweep(folder: Path) -> None:
    """Remove the folders of commands whose CodeLab died."""
    with suppress(OSError):
        for path in folder.glob("job-*"):
            if not _is_held(path):
                remove_tree(path)


def _is_held(path: Path) -> bool:
    try:
        fd = os.open(path / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # it is just being made, unless that was long ago
        return time.time() - path.lstat().st_mtime < _MAKING_SECONDS
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it, also what a command has made unreadable."""
    for folder in _folders(path):
        with suppress(OSError):
            os.chmod(folder, 0o700)
    shutil.rmtree(path, ignore_errors=True)


def _folders(path: Path) -> Iterable[Path]:
    """Yield a folder and those below, each before it is looked into."""
    yield path
    try:
        below = [Path(entry.path) for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for folder in below:
        yield from _folders(folder)


def written(folder: Path) -> tuple[int, int]:
    """Return the bytes on disk and the number of files below a folder."""
    size = count = 0
    waiting = [str(folder)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                size += status.st_blocks * 512
                count += 1
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(entry.path)
    return size, count
