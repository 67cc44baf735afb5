"""What of a workspace a command does not see: secrets, and doors to other processes."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from codelab.workspace.secrets import is_secret

# What is installed there belongs to others, and would take long to look through.
_PASSED_OVER = frozenset({".git", "node_modules", ".venv", "venv", ".tox", ".nox", "__pycache__"})


def hidden_files(root: Path) -> list[str]:
    """Return the files that hold secrets, and the sockets, pipes and devices, relative to the workspace."""
    return sorted(_hidden(str(root), ""))


def _hidden(folder: str, prefix: str) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        path = prefix + entry.name
        try:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _PASSED_OVER:
                    yield from _hidden(entry.path, path + "/")
            elif entry.is_symlink():
                continue  # what it leads to is hidden, or out of sight anyway
            elif is_secret(path) or not entry.is_file(follow_symlinks=False):
                yield path
        except OSError:
            continue


def is_there(path: Path) -> bool:
    """Tell whether there is a folder or a file, and no link to one."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) or stat.S_ISREG(mode)
