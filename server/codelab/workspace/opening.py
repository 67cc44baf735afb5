"""Opening files of the workspace so that no link can lead out of it.

Checking a path and then opening it by name loses the race against whoever swaps a link in between. Here
the kernel refuses links while it opens (Linux), or every step is opened without following (other POSIX).
"""

import contextlib
import ctypes
import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from codelab.core.errors import NotFound, PathRefused
from codelab.core.wording import cause_of
from codelab.workspace.paths import refused

_OPENAT2 = 437  # the same number on every architecture but Alpha
_RESOLVE_NO_MAGICLINKS, _RESOLVE_NO_SYMLINKS, _RESOLVE_BENEATH = 0x02, 0x04, 0x08
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BASE_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_HAS_FOLDER_DESCRIPTORS = os.open in os.supports_dir_fd
_is_junction = getattr(os.path, "isjunction", lambda _: False)  # from Python 3.12 on
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)


def open_beneath(root: Path, path: str, flags: int, mode: int = 0o666) -> int:
    """Open a file of the workspace, refusing every symbolic link on the way and at its end.

    Args:
        root: The workspace.
        path: As ``relative`` returns it.
        flags: As for ``os.open``.
        mode: Permission bits of a file that is created.

    Returns:
        A descriptor, which the caller closes. What it is of (a folder, a device) is for the caller to check.

    Raises:
        PathRefused: A part is a link, or not a folder, or may not be entered.
        NotFound: There is no such file.
    """
    if path.startswith("/") or ".." in path.split("/") or "\0" in path:
        raise refused(path, "It is not a relative path")
    try:
        if not _HAS_FOLDER_DESCRIPTORS:
            return os.open(_checked(root, path), flags | _BASE_FLAGS, mode)
        with _opened_root(root) as root_fd:
            return _open_at(root_fd, path, flags | _BASE_FLAGS, mode)
    except OSError as error:
        raise _explain(path, error) from error


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder; where the system has no descriptors of folders (Windows), its checked path."""

    fd: int | None
    path: str

    def name(self, name: str) -> str:
        """Return what to pass to the functions of ``os`` beside ``dir_fd=folder.fd``."""
        return name if self.fd is not None else os.path.join(self.path, name)

    def names(self) -> list[str]:
        """Return what is in the folder."""
        return os.listdir(self.path if self.fd is None else self.fd)

    def sync(self) -> None:
        """Make renames in the folder survive a power cut."""
        if self.fd is not None:
            os.fsync(self.fd)


@contextmanager
def open_folder(root: Path, path: str) -> Iterator[Folder]:
    """Open the folder that a file is in, to work on names in it.

    Args:
        root: The workspace.
        path: The file, as ``relative`` returns it.

    Yields:
        The folder.

    Raises:
        PathRefused: A part is a link, or not a folder, or may not be entered.
        NotFound: The folder is missing.
    """
    parents = PurePosixPath(path).parent
    if not _HAS_FOLDER_DESCRIPTORS:
        yield Folder(None, str(_checked(root, str(parents))))
        return
    fd = open_beneath(root, str(parents), _FOLDER_FLAGS)
    try:
        yield Folder(fd, str(root / parents))
    finally:
        os.close(fd)


def open_in_folder(folder: Folder, path: str, flags: int, mode: int = 0o666) -> int:
    """Open a file of an open folder, refusing a symbolic link.

    Args:
        folder: The folder.
        path: The file; only its name is looked up, the rest is for messages.
        flags: As for ``os.open``.
        mode: Permission bits of a file that is created.

    Returns:
        A descriptor, which the caller closes.

    Raises:
        PathRefused: It is a link or may not be opened.
        NotFound: There is no such file.
    """
    name = folder.name(PurePosixPath(path).name)
    try:
        if folder.fd is None and os.path.islink(name):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        return os.open(name, flags | _NO_FOLLOW | _BASE_FLAGS, mode, dir_fd=folder.fd)
    except OSError as error:
        raise _explain(path, error) from error


def folder_identity(root: Path, path: str) -> str:
    """Return what tells one folder from another that is put in its place: device and inode.

    Args:
        root: The workspace.
        path: The folder, as ``relative`` returns it.

    Raises:
        PathRefused: A part is a link, or not a folder.
        NotFound: There is no such folder.
    """
    with open_folder(root, "x" if path == "." else f"{path}/x") as folder:
        status = os.stat(folder.path) if folder.fd is None else os.fstat(folder.fd)
    return f"{status.st_dev}:{status.st_ino}"


def missing_folders(root: Path, path: str) -> list[str]:
    """Return the folders that ``make_folders`` would make for a file, the outermost first."""
    parents = [str(parent) for parent in reversed(PurePosixPath(path).parents) if parent.name]
    return [parent for parent in parents if not os.path.lexists(root / parent)]


def make_folders(root: Path, path: str) -> list[str]:
    """Make the folders that a file is in, as far as they are missing.

    Args:
        root: The workspace.
        path: The file, as ``relative`` returns it.

    Returns:
        Those that were made, the outermost first.

    Raises:
        PathRefused: A part is a link, or not a folder.
        OSError: The disk is full or read-only.
    """
    made = []
    for place in reversed(PurePosixPath(path).parents):
        if place.name:
            with open_folder(root, str(place)) as parent, contextlib.suppress(FileExistsError):
                os.mkdir(parent.name(place.name), dir_fd=parent.fd)
                made.append(str(place))
    return made


def remove_empty_folders(root: Path, folders: Iterable[str]) -> None:
    """Remove folders that were made for nothing; what has something in it stays."""
    for path in folders:
        with contextlib.suppress(OSError, PathRefused, NotFound), open_folder(root, path) as parent:
            os.rmdir(parent.name(PurePosixPath(path).name), dir_fd=parent.fd)


def _checked(root: Path, path: str) -> Path:
    """Return the full path if no part of it is a link: all that a system without ``dir_fd`` can do."""
    place = root
    for part in PurePosixPath(path).parts:
        place /= part
        if place.is_symlink() or _is_junction(place):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    if not place.resolve().is_relative_to(root.resolve()):
        raise refused(path, "It leads out of the workspace")
    return place


@contextmanager
def _opened_root(root: Path) -> Iterator[int]:
    fd = os.open(root, _FOLDER_FLAGS | _BASE_FLAGS)
    try:
        yield fd
    finally:
        os.close(fd)


def _open_at(root_fd: int, path: str, flags: int, mode: int) -> int:
    if sys.platform == "linux":
        try:
            return _openat2(root_fd, path, flags, mode)
        except OSError as error:
            if error.errno not in (errno.ENOSYS, errno.EPERM):  # an old kernel, or a filter that forbids it
                raise
    return walk_open(root_fd, path, flags, mode)


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def _openat2(root_fd: int, path: str, flags: int, mode: int) -> int:
    creates = bool(flags & os.O_CREAT)
    how = _OpenHow(
        flags, mode if creates else 0, _RESOLVE_BENEATH | _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_MAGICLINKS
    )
    name = os.fsencode(path)
    while True:
        fd = int(_syscall(_OPENAT2, root_fd, name, ctypes.byref(how), ctypes.sizeof(how)))
        if fd >= 0:
            return fd
        number = ctypes.get_errno()
        if number not in (errno.EINTR, errno.EAGAIN):  # EAGAIN: something was renamed meanwhile; look again
            raise OSError(number, os.strerror(number), path)


if sys.platform == "linux":
    _syscall = ctypes.CDLL(None, use_errno=True).syscall
    _syscall.restype = ctypes.c_long


def walk_open(root_fd: int, path: str, flags: int, mode: int = 0o666) -> int:
    """Open a file step by step, each step without following a link.

    Args:
        root_fd: A descriptor of the workspace.
        path: As ``relative`` returns it.
        flags: As for ``os.open``.
        mode: Permission bits of a file that is created.

    Returns:
        A descriptor.

    Raises:
        OSError: As ``os.open``; ELOOP for a link.
    """
    *folders, name = path.split("/")
    current = os.dup(root_fd)
    try:
        for folder in folders:
            deeper = os.open(folder, _FOLDER_FLAGS | _NO_FOLLOW | _BASE_FLAGS, dir_fd=current)
            os.close(current)
            current = deeper
        return os.open(name, flags | _NO_FOLLOW, mode, dir_fd=current)
    except NotADirectoryError:
        if _ends_in_link(root_fd, path):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path) from None
        raise
    finally:
        os.close(current)


def _ends_in_link(root_fd: int, path: str) -> bool:
    for place in (PurePosixPath(path), *PurePosixPath(path).parents):
        try:
            if stat.S_ISLNK(os.stat(str(place), dir_fd=root_fd, follow_symlinks=False).st_mode):
                return True
        except OSError:
            continue
    return False


def _explain(path: str, error: OSError) -> PathRefused | NotFound:
    if error.errno == errno.ENOENT:
        return NotFound(
            f"There is no file {path}", fix="Check the path; list the folder to see what is there"
        )
    if error.errno == errno.ELOOP:
        return PathRefused(
            f"The path {path!r} is refused",
            why="A part of it is a symbolic link",
            fix="Name the file itself, inside the workspace",
        )
    if error.errno == errno.EXDEV:
        return refused(path, "It leads out of the workspace")
    if error.errno == errno.ENOTDIR:
        return refused(path, "A part of it is a file, not a folder")
    return PathRefused(f"{path} cannot be opened", why=cause_of(error), fix="Check the file's permissions")
