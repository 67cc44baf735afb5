"""A connection to the index that is opened again whenever the file is another one."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection

from codelab.index.storing import database
from codelab.store import sqlite


class CurrentIndex:
    """The index of a repository, as it is now. Not for several threads at once.

    Args:
        folder: The repository's folder in the cache.
        connect: Opens the index in that folder; None where it cannot be used yet.
    """

    def __init__(self, folder: Path, connect: Callable[[Path], Connection | None]) -> None:
        self._folder, self._connect = folder, connect
        self._connection: Connection | None = None
        self._identity: tuple[int, int] | None = None

    @property
    def is_open(self) -> bool:
        """Whether there was an index when it was last asked for."""
        return self._connection is not None

    def open(self) -> Connection | None:
        """Return a connection to the index, the one of before where the file is still the same.

        Returns:
            None where there is no index.

        Raises:
            sqlite.Error: It cannot be opened.
        """
        identity = database.identity(self._folder)
        if self._connection is not None and identity == self._identity:
            return self._connection
        self.close()
        if identity is not None:
            self._connection, self._identity = self._connect(self._folder), identity
        return self._connection

    def close(self) -> None:
        """Close it; the next use opens it again."""
        if self._connection is not None:
            with suppress(sqlite.Error):
                self._connection.close()
        self._connection = None
