"""The two precious databases: a workspace's and the person's."""

import asyncio
import logging
from contextlib import closing
from pathlib import Path
from typing import Self

import aiosqlite

from codelab.core.errors import StateError
from codelab.core.finishing import finish_first
from codelab.store import audit, audit_mirror, sqlite
from codelab.store.audit_chain import Head
from codelab.store.database import Database

_log = logging.getLogger(__name__)


class StateDb(Database):
    """``state.db``: sessions, runs and all that belongs to them, one per workspace.

    ``_mirrored`` is the last end of the audit log that this object brought to the second file; guarded by the
    lock for writing.
    """

    migrations = "migrations"
    mirror: Path | None = None
    _mirrored = Head(-1)

    @classmethod
    async def open(cls, path: Path, mirror: Path | None = None) -> Self:
        """Open or create the database and bring it up to date.

        Args:
            path: The file; its folder is created for the person alone.
            mirror: The second file, which names the end of the audit log; None keeps none.

        Raises:
            NewerDatabase: It was written by a newer CodeLab; nothing was touched.
            StateError: It cannot be used; of a damaged one a copy was kept.
        """
        db = await super().open(path)
        db.mirror = mirror
        async with db._lock:
            await db._committed(db._writer)
        return db

    async def _committed(self, writer: aiosqlite.Connection) -> None:
        """Bring the end of the audit log to the second file: what was acknowledged cannot go unseen."""
        if self.mirror is None:
            return
        try:
            head = await audit.head(writer)
            if head != self._mirrored:
                work = asyncio.to_thread(_advance, self.path, self.mirror, head, self._mirrored)
                if await finish_first(work):
                    self._mirrored = head
        except (StateError, OSError, sqlite.Error) as error:  # what was committed stands all the same
            _log.warning("the end of the audit log could not be kept in %s: %s", self.mirror, error)


def _advance(path: Path, mirror: Path, head: Head, last: Head) -> bool:
    def hash_at(seq: int) -> str | None:
        with closing(sqlite.connect(path, read_only=True)) as db:
            found = db.execute("SELECT hash FROM audit WHERE seq = ?", (seq,)).fetchone()
        return str(found[0]) if found else None

    advanced = audit_mirror.advance(mirror, head, hash_at, last)
    if not advanced:
        _log.warning("the audit log is not what it was: see `codelab audit verify`")
    return advanced


class UserDb(Database):
    """``user.db``: what belongs to the person and to no workspace."""

    migrations = "user_migrations"
