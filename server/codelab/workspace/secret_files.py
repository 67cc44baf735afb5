"""What the usual files of secrets of a workspace hold, so that it is known what must not go anywhere."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from codelab.core.secret_sources import values_of_file
from codelab.workspace.secrets import is_secret

_MOST_FOLDERS = 100
_MOST_FILES = 50
_LARGEST = 200_000  # bytes
_PASSED_OVER = frozenset({".git", ".hg", ".svn", ".venv", "venv", "node_modules", "target", "__pycache__"})


def secrets_of_workspace(root: Path) -> frozenset[str]:
    """Return the secrets in files of secrets in a workspace's root and in the folders right below it.

    Args:
        root: The workspace.

    Returns:
        Values for ``codelab.core.redaction.learn``. Links and what cannot be read are passed over.
    """
    found: set[str] = set()
    for number, path in enumerate(_secret_files(root)):
        if number == _MOST_FILES:
            break
        found |= values_of_file(_text(path))
    return frozenset(found)


def _secret_files(root: Path) -> Iterator[Path]:
    folders = [root]
    for number, folder in enumerate(folders):
        if number == _MOST_FOLDERS:
            return
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                if folder == root and entry.name not in _PASSED_OVER:
                    folders.append(path)
            elif is_secret(path.relative_to(root).as_posix()):
                yield path


def _text(path: Path) -> str:
    """Return the text of a plain file, or nothing."""
    flags = (
        os.O_RDONLY
        | getattr(os, "O_NOFOLLOW", 0)
        | getattr(os, "O_NONBLOCK", 0)
        | getattr(os, "O_CLOEXEC", 0)
    )
    try:
        fd = os.open(path, flags)
    except OSError:
        return ""
    with os.fdopen(fd, "rb") as stream:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            return ""
        try:
            return stream.read(_LARGEST).decode("utf-8", "replace")
        except OSError:
            return ""
