"""The files through which a write goes before it is renamed, and how to know that nobody writes them."""

import os
import re
import secrets
import sys

from codelab.workspace.opening import Folder

if sys.platform != "win32":
    import fcntl

_NAME = re.compile(r"\.codelab-[0-9a-f]{16}\.tmp")


def new_temporary_name() -> str:
    """Return a name that no other write uses."""
    return f".codelab-{secrets.token_hex(8)}.tmp"


def is_temporary(name: str) -> bool:
    """Tell whether a file name is one of ours; such files are not part of the project."""
    return bool(_NAME.fullmatch(name))


def hold(fd: int) -> None:
    """Mark an open file as being written, until it is closed or the process dies."""
    if sys.platform != "win32":
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(folder: Folder, name: str) -> bool:
    """Tell whether a living process is writing a temporary file."""
    if sys.platform == "win32":
        return False  # what is open cannot be removed there
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder.fd)
    except OSError:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False
