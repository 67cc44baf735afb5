"""Which workspace a command is about."""

from pathlib import Path

from codelab.core.errors import InputError
from codelab.workspace.root import check_root, find_root


def chosen_root(given: str | None) -> Path:
    """Return the workspace's root.

    Args:
        given: The folder that the person named; if none, the workspace that holds the current folder.

    Raises:
        InputError: It is missing, not a folder, or cannot be read.
    """
    if given is not None:
        return check_root(Path(given))
    try:
        return find_root(Path.cwd())
    except FileNotFoundError as error:
        raise InputError("The current folder no longer exists", fix="Go to another, or name one") from error
