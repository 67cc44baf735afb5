"""Pausing the indexing of a worktree: a file beside its status, which faces make and its worker looks for.

It outlives all processes: what a person has paused stays so until somebody lets it go on.
"""

import time
from pathlib import Path

from codelab.config.places import Places, workspace_key
from codelab.index.files.repository import Repository, index_folder
from codelab.index.storing import database

_LOOK_SECONDS = 0.1  # how old the answer of a switch may be


def pause_path(places: Places, repository: Repository) -> Path:
    """Return the file whose presence pauses the indexing of a worktree."""
    return index_folder(places, repository) / f"paused-{workspace_key(repository.root)}"


def set_paused(path: Path, *, paused: bool) -> None:
    """Pause the indexing of a worktree, or let it go on.

    Args:
        path: As ``pause_path`` gives it.
        paused: Which of the two.

    Raises:
        StateError: The folder of the index cannot be written.
    """
    try:
        if paused:
            database.make_private(path.parent)
            path.touch()
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise database.cannot_write(path.parent, error) from error


class PauseSwitch:
    """Tells a worker whether it is paused; may be asked for every file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looked = float("-inf")
        self._on = False

    def is_on(self) -> bool:
        """Tell whether the indexing is paused."""
        now = time.monotonic()
        if now - self._looked > _LOOK_SECONDS:
            self._looked, self._on = now, self._path.exists()
        return self._on
