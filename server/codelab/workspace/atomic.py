"""Writing files of the workspace: all or nothing, and never over what somebody else wrote meanwhile."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from codelab.core.errors import CodeLabError, EditConflict, NotFound, PathRefused, StateError
from codelab.core.wording import cause_of
from codelab.workspace.opening import Folder, make_folders, open_folder, remove_empty_folders
from codelab.workspace.reading import ABSENT, content_hash, read_in_folder
from codelab.workspace.temporary import hold, is_held, is_temporary, new_temporary_name

_LARGEST = 64_000_000  # bytes; what is compared may be larger than what is shown
_BITS = 0o7777
_TEMPORARY_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def write_atomic(
    root: Path, path: str, data: bytes | None, *, expected: str, mode: int | None = None
) -> None:
    """Replace, create or delete a file so that a reader, or a crash, finds the old content or the new one.

    The other names of a file with hard links keep the old content: they may lie outside the workspace.

    Args:
        root: The workspace.
        path: As ``paths.relative`` returns it.
        data: The new content, or None to delete the file.
        expected: ``content_hash`` of what must be there right before.
        mode: Permission bits; None keeps those of the file, or gives a new file the usual ones.

    Raises:
        EditConflict: Something else is there; nothing was changed.
        PathRefused: A part of the path is a link, or the file is read-only or no plain file.
        StateError: The disk is full or fails; nothing was changed.
    """
    made: list[str] = []
    try:
        if data is not None and expected == ABSENT:
            made = make_folders(root, path)
        with open_folder(root, path) as folder:
            _require(folder, path, expected)
            if data is not None:
                _replace(folder, path, data=data, expected=expected, mode=mode)
            elif expected != ABSENT:
                os.unlink(folder.name(PurePosixPath(path).name), dir_fd=folder.fd)
            folder.sync()
    except BaseException as error:
        remove_empty_folders(root, reversed(made))
        if isinstance(error, OSError):
            raise _explain(path, error) from error
        if isinstance(error, NotFound) and expected != ABSENT:
            raise _gone(path) from None
        if not isinstance(error, NotFound) or data is not None:
            raise


def sweep_temporary(root: Path, paths: Iterable[str]) -> list[str]:
    """Remove what writes that were cut off have left beside some files.

    Args:
        root: The workspace.
        paths: Files that may have been written: their folders are looked through.

    Returns:
        The paths that were removed; files still being written by a living process are left.
    """
    removed = []
    for parent in sorted({PurePosixPath(path).parent for path in paths}):
        with contextlib.suppress(CodeLabError, OSError), open_folder(root, str(parent / "x")) as folder:
            for name in folder.names():
                if is_temporary(name) and not is_held(folder, name):
                    os.unlink(folder.name(name), dir_fd=folder.fd)
                    removed.append(str(parent / name))
    return removed


def _gone(path: str) -> EditConflict:
    return EditConflict(f"{path} is gone", why="It was deleted or moved meanwhile", fix="Look again")


def _require(folder: Folder, path: str, expected: str) -> int | None:
    """Return the file's permission bits if its content is what is expected."""
    try:
        data, mode = read_in_folder(folder, path, limit=_LARGEST)
    except NotFound:
        if expected == ABSENT:
            return None
        raise _gone(path) from None
    if content_hash(data) != expected:
        what = "was created meanwhile" if expected == ABSENT else "was changed meanwhile"
        raise EditConflict(f"{path} {what}", fix="Read the file again and repeat the change")
    if not mode & 0o222:
        raise PathRefused(f"{path} is read-only", fix="Make it writable first")
    return mode


def _replace(folder: Folder, path: str, *, data: bytes, expected: str, mode: int | None) -> None:
    name, temporary = PurePosixPath(path).name, new_temporary_name()
    fd = os.open(folder.name(temporary), _TEMPORARY_FLAGS, 0o666, dir_fd=folder.fd)
    try:
        with os.fdopen(fd, "wb") as stream:
            hold(fd)
            stream.write(data)
            stream.flush()
            kept = _require(folder, path, expected)
            if kept is not None:
                _keep_attributes(folder, name, fd)
            bits = kept if mode is None else mode
            if bits is not None and hasattr(os, "fchmod"):
                os.fchmod(fd, bits & _BITS)
            os.fsync(fd)
            if os.name != "nt":  # which cannot rename what is open
                _put_in_place(folder, path, temporary, expected)
        if os.name == "nt":
            _put_in_place(folder, path, temporary, expected)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(folder.name(temporary), dir_fd=folder.fd)
        raise


def _put_in_place(folder: Folder, path: str, temporary: str, expected: str) -> None:
    source, target = folder.name(temporary), folder.name(PurePosixPath(path).name)
    _require(folder, path, expected)
    if expected != ABSENT:
        os.replace(source, target, src_dir_fd=folder.fd, dst_dir_fd=folder.fd)
        return
    try:  # unlike a rename, a link never replaces what somebody made at this moment
        os.link(source, target, src_dir_fd=folder.fd, dst_dir_fd=folder.fd, follow_symlinks=False)
    except FileExistsError:
        raise EditConflict(f"{path} was created meanwhile", fix="Read it and repeat the change") from None
    except (OSError, NotImplementedError):  # a file system without links
        os.rename(source, target, src_dir_fd=folder.fd, dst_dir_fd=folder.fd)
    else:
        os.unlink(source, dir_fd=folder.fd)


def _keep_attributes(folder: Folder, name: str, fd: int) -> None:
    """Give the new file the owner and the extended attributes of the one it replaces, as far as allowed."""
    with contextlib.suppress(OSError):
        status = os.stat(folder.name(name), dir_fd=folder.fd, follow_symlinks=False)
        own = os.fstat(fd)
        if hasattr(os, "fchown") and (status.st_uid, status.st_gid) != (own.st_uid, own.st_gid):
            os.fchown(fd, status.st_uid, status.st_gid)
    if sys.platform == "linux" and folder.fd is not None:
        with contextlib.suppress(OSError):
            old = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder.fd)
            try:
                for attribute in os.listxattr(old):
                    with contextlib.suppress(OSError):
                        os.setxattr(fd, attribute, os.getxattr(old, attribute))
            finally:
                os.close(old)


def _explain(path: str, error: OSError) -> CodeLabError:
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return PathRefused(
            f"{path} cannot be written", why=error.strerror or "", fix="Make the file and its folder writable"
        )
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return StateError(
        f"{path} could not be written and was left as it was",
        why="The disk is full" if full else cause_of(error),
        fix="Free some space and try again" if full else "Check the disk and try again",
    )
