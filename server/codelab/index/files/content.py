"""Read files of a worktree without following links, and bring them to UTF-8."""

import codecs
import errno
import hashlib
import os
import re
import stat
from pathlib import Path

from codelab.index.files.walk import Stamp

_HEAD_BYTES = 8192
# The longer mark first: the one of UTF-32 begins with the one of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONE_RETURN = re.compile(rb"\r(?!\n)")


class Reader:
    """Reads files below a folder; no link is followed, not even one put there a moment ago.

    The folder last read from stays open, so that reading a tree in order costs one step per file. Close it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = ""
        self._descriptor = -1

    def read(self, path: str, max_bytes: int) -> tuple[bytes, Stamp]:
        """Return a file's content and the stamp it had when it was opened.

        Args:
            path: Relative to the root, with forward slashes.
            max_bytes: Longest content that is read.

        Raises:
            OSError: It is missing, unreadable, not a plain file, behind a link, or larger than ``max_bytes``.
        """
        folder, _, name = path.rpartition("/")
        if os.open not in os.supports_dir_fd:  # Windows
            full = self._root / path
            if full.resolve() != full:
                raise OSError(errno.ELOOP, "a symbolic link is on the way")
            return _read(os.open(full, os.O_RDONLY | getattr(os, "O_BINARY", 0)), max_bytes)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return _read(os.open(name, flags, dir_fd=self._open_folder(folder)), max_bytes)

    def close(self) -> None:
        """Close the folder that is still open."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _open_folder(self, folder: str) -> int:
        if self._descriptor >= 0 and self._folder == folder:
            return self._descriptor
        self.close()
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        current = os.open(self._root, flags)
        for part in folder.split("/") if folder else ():
            try:
                deeper = os.open(part, flags | os.O_NOFOLLOW, dir_fd=current)
            finally:
                os.close(current)
            current = deeper
        self._descriptor, self._folder = current, folder
        return current


def _read(descriptor: int, max_bytes: int) -> tuple[bytes, Stamp]:
    with open(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a plain file")
        if status.st_size > max_bytes:
            raise OSError(errno.EFBIG, f"larger than {max_bytes:,} bytes")
        data = file.read(max_bytes + 1)
        while data and len(data) < status.st_size and (more := file.read(max_bytes + 1 - len(data))):
            data += more
    return data, Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def to_utf8(data: bytes) -> bytes | None:
    r"""Return a file's text in UTF-8, or None if it is binary.

    UTF-16 and UTF-32 are known by their byte order mark. What is not valid UTF-8 is replaced by U+FFFD, and
    a lone ``\r`` by ``\n``, so that lines are counted as editors count them.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            data = data.decode(encoding, "replace").encode("utf-8", "replace").replace(b"\0", b"")
            break
    else:
        if b"\0" in data[:_HEAD_BYTES]:
            return None
        data = data.removeprefix(codecs.BOM_UTF8)
        if not data.isascii():
            data = data.decode("utf-8", "replace").encode("utf-8")
        if b"\0" in data:
            data = data.replace(b"\0", b" ")
    return _LONE_RETURN.sub(b"\n", data) if b"\r" in data else data


def blob_key(data: bytes, language: str | None, manifest: str = "") -> bytes:
    """Return the name of a content: equal texts in one language are one blob.

    Args:
        data: The text.
        language: What it is parsed as.
        manifest: The format of the dependency manifest that its path makes it, if any.
    """
    kind = f"{language or ''}/{manifest}" if manifest else language or ""
    return hashlib.sha256(kind.encode() + b"\0" + data).digest()[:20]


def lines_of(data: bytes) -> list[str]:
    r"""Return the lines of a text in UTF-8 with their ends: ``\n``, ``\r\n`` or ``\r`` and no others."""
    return [line.decode("utf-8", "replace") for line in data.splitlines(keepends=True)]
