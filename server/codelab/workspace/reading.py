"""Reading files of the workspace: plain ones only, and never through a link."""

import hashlib
import os
import stat
from pathlib import Path

from codelab.core.errors import NotFound, PathRefused
from codelab.workspace.opening import Folder, open_beneath, open_in_folder

MAX_BYTES = 10_000_000
ABSENT = "absent"
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)  # a pipe without a writer must not make us wait


def content_hash(data: bytes | None) -> str:
    """Return the SHA-256 of a file's content (hex), or ``absent`` where there is no file."""
    return ABSENT if data is None else hashlib.sha256(data).hexdigest()


def read_bytes(root: Path, path: str, *, limit: int = MAX_BYTES) -> bytes:
    """Return the content of a plain file.

    Args:
        root: The workspace.
        path: As ``paths.relative`` returns it.
        limit: The largest size in bytes.

    Raises:
        PathRefused: It is a link, a folder, a device, a pipe, too large or unreadable.
        NotFound: There is none.
    """
    return read_with_mode(root, path, limit=limit)[0]


def read_optional(root: Path, path: str, *, limit: int = MAX_BYTES) -> bytes | None:
    """Return the content of a plain file, or None where there is no file.

    Raises:
        PathRefused: As ``read_bytes``.
    """
    try:
        return read_bytes(root, path, limit=limit)
    except NotFound:
        return None


def read_with_mode(root: Path, path: str, *, limit: int = MAX_BYTES) -> tuple[bytes, int]:
    """Return the content and the permission bits of a plain file.

    Raises:
        PathRefused: As ``read_bytes``.
        NotFound: There is none.
    """
    return _read_and_close(open_beneath(root, path, _READ_FLAGS), path, limit)


def read_in_folder(folder: Folder, path: str, *, limit: int = MAX_BYTES) -> tuple[bytes, int]:
    """Return the content and the permission bits of a plain file of an open folder.

    Args:
        folder: The folder.
        path: The file; only its name is looked up, the rest is for messages.
        limit: The largest size in bytes.

    Raises:
        PathRefused: As ``read_bytes``.
        NotFound: There is none.
    """
    return _read_and_close(open_in_folder(folder, path, _READ_FLAGS), path, limit)


def _read_and_close(fd: int, path: str, limit: int) -> tuple[bytes, int]:
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise PathRefused(f"{path} is {_kind(status.st_mode)}", fix="Name a plain file")
        if status.st_size > limit:
            raise _too_large(path, limit)
        with open(fd, "rb", closefd=False) as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise PathRefused(f"{path} cannot be read", why=error.strerror or "", fix="Check the disk") from error
    finally:
        os.close(fd)
    if len(data) > limit:  # it grew while it was read
        raise _too_large(path, limit)
    return data, stat.S_IMODE(status.st_mode)


def _kind(mode: int) -> str:
    for test, word in (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISLNK, "a symbolic link"),
    ):
        if test(mode):
            return word
    return "a device"


def _too_large(path: str, limit: int) -> PathRefused:
    size = f"{limit // 1_000_000} MB" if limit >= 1_000_000 else f"{limit} bytes"
    return PathRefused(f"{path} is too large", why=f"It has more than {size}", fix="Name a smaller file")
