"""Which folder a workspace is."""

import os
from pathlib import Path

from codelab.core.errors import InputError
from codelab.core.wording import cause_of

_MARKS = (".git", ".codelab")


def find_root(path: Path) -> Path:
    """Return the root of the workspace that a folder belongs to.

    Args:
        path: A folder, as a rule the current one.

    Returns:
        The nearest folder, from this one upward, with ``.git`` or ``.codelab`` in it; else this one.
        Resolved: no part of it is a symbolic link.

    Raises:
        InputError: It is missing, not a folder, unreadable, or a loop of links.
    """
    resolved = check_root(path)
    home = _home()
    for folder in (resolved, *resolved.parents):
        if folder == home and folder != resolved:
            break  # a home that is kept in git is not one workspace with everything in it
        if any(os.path.lexists(folder / mark) for mark in _MARKS):
            return folder
    return resolved


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except (OSError, RuntimeError):
        return None


def check_root(path: Path) -> Path:
    """Return a folder, resolved, if it can be a workspace: what the person named, and not one above it.

    Raises:
        InputError: It is missing, not a folder, unreadable, or a loop of links.
    """
    try:
        resolved = path.expanduser().resolve(strict=True)
        is_folder = resolved.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise _unusable(path, error) from error
    if not is_folder:
        raise InputError(f"{path} is not a folder", fix="Name the folder of a project")
    if resolved == resolved.parent:
        raise InputError(f"{path} is a whole disk and no project", fix="Name the folder of a project")
    try:
        os.scandir(resolved).close()
        (resolved / _MARKS[0]).lstat()  # being allowed to list a folder is not yet being allowed to enter it
    except FileNotFoundError:
        pass
    except OSError as error:
        raise InputError(
            f"The folder {path} cannot be read",
            why=cause_of(error),
            fix="Give yourself the right to read it, or name another folder",
        ) from error
    return resolved


def _unusable(path: Path, error: Exception) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"There is no folder {path}", fix="Check the spelling")
    if isinstance(error, RuntimeError) or "symbolic link" in str(error):
        return InputError(
            f"{path} leads nowhere", why="Its symbolic links form a loop", fix="Name the folder itself"
        )
    reason = cause_of(error)
    return InputError(f"The folder {path} cannot be used", why=reason, fix="Name the folder of a project")
