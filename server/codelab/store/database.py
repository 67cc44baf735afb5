"""A precious database: one writer at a time, readers that see only what is committed, and news of commits."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Self

import aiosqlite

from codelab.core.finishing import finish_first
from codelab.store import row_hashes, sqlite
from codelab.store.failures import explain
from codelab.store.migrate import load_migrations, migrate
from codelab.store.watch import CommitWatcher


class Database:
    """A migrated SQLite file in WAL mode with synchronous FULL, shared with other processes.

    Use from one event loop. ``_writer`` is guarded by ``_lock``; ``_idle`` holds readers not in use.
    """

    migrations: str

    def __init__(self, path: Path, writer: aiosqlite.Connection) -> None:
        self.path = path
        self._writer = writer
        self._lock = asyncio.Lock()
        self._owner: asyncio.Task[object] | None = None
        self._idle: list[aiosqlite.Connection] = []
        self._watcher = CommitWatcher(path)
        self._closed = False

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or create the database and bring it up to date.

        Args:
            path: The file; its folder is created for the person alone.

        Raises:
            NewerDatabase: It was written by a newer CodeLab; nothing was touched.
            StateError: It cannot be used; of a damaged one a copy was kept.
        """
        try:
            await asyncio.to_thread(migrate, path, load_migrations(cls.migrations))
            writer = await _open_connection(path, read_only=False)
        except (sqlite.Error, OSError) as error:
            raise explain(path, error) from error
        return cls(path, writer)

    async def close(self) -> None:
        """Close all connections; a transaction in progress is waited for."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._watcher.stop)
        while self._idle:
            await self._idle.pop().close()
        async with self._lock:  # last, since the last connection to close tidies the journal away
            await self._writer.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def write(self) -> AbstractAsyncContextManager[aiosqlite.Connection]:
        """Begin a transaction that is committed at the end of the block, or rolled back if it raises.

        A task that is cancelled in the block, or while it begins, leaves nothing behind; one that is
        cancelled while it commits has either committed all or nothing.

        Raises:
            StateError: The disk is full or read-only, the file damaged, or another program holds the lock.
        """
        return self._write()

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[aiosqlite.Connection]:
        task = asyncio.current_task()
        if self._owner is task:
            raise RuntimeError("this task is already inside write(): pass its transaction on")
        async with self._lock:
            self._owner = task
            try:
                with _explained(self.path):
                    async with _transaction(self._writer, "BEGIN IMMEDIATE"):
                        yield self._writer
                    self._watcher.committed()
                    await self._committed(self._writer)
            finally:
                self._owner = None

    async def _committed(self, writer: aiosqlite.Connection) -> None:
        """Do what follows a commit, before anybody else writes through this object."""

    def read(self) -> AbstractAsyncContextManager[aiosqlite.Connection]:
        """Begin a snapshot: the block sees what was committed before its first query, and nothing later.

        Snapshots do not wait for writers or for one another.

        Raises:
            StateError: The file cannot be read.
        """
        return self._read()

    @asynccontextmanager
    async def _read(self) -> AsyncIterator[aiosqlite.Connection]:
        with _explained(self.path):
            reader = self._idle.pop() if self._idle else await _open_connection(self.path, read_only=True)
            try:
                async with _transaction(reader, "BEGIN"):
                    yield reader
            finally:
                if self._closed:
                    await finish_first(reader.close())
                else:
                    self._idle.append(reader)

    def changes(self) -> AsyncIterator[None]:
        """Yield once at the start, and then within 100 ms after any connection of any process committed.

        Commits that come close together are told once. The first one lets a listener look at what is there
        already, so that nothing falls between looking and listening.
        """
        return self._watcher.changes()


async def _open_connection(path: Path, *, read_only: bool) -> aiosqlite.Connection:
    def connector() -> sqlite.Connection:
        connection = sqlite.connect(path, read_only=read_only)
        connection.execute("PRAGMA foreign_keys = ON")
        if not read_only:
            connection.execute("PRAGMA synchronous = FULL")
            row_hashes.keep_hashes(connection)
        return connection

    connection = aiosqlite.Connection(connector, 64)
    # A face that dies without closing must not hang at exit: a commit cut off there is undone by the WAL.
    connection._thread.daemon = True

    async def opened() -> aiosqlite.Connection:
        return await connection

    try:
        return await finish_first(opened())
    except asyncio.CancelledError:
        await connection.close()
        raise


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite.OperationalError, sqlite.DatabaseError) as error:
        if row_hashes.DAMAGED in str(error):
            raise row_hashes.damaged(str(error)) from error
        if isinstance(error, sqlite.IntegrityError):
            raise
        raise explain(path, error) from error


@asynccontextmanager
async def _transaction(db: aiosqlite.Connection, begin: str) -> AsyncIterator[None]:
    # The connection's thread runs what it was given even if the task that waits is cancelled; being a queue,
    # it runs the rollback after it.
    try:
        await db.execute(begin)
        yield
        await finish_first(db.commit())
    except BaseException:
        await finish_first(_roll_back(db))
        raise


async def _roll_back(db: aiosqlite.Connection) -> None:
    with contextlib.suppress(sqlite.Error):
        await db.rollback()
