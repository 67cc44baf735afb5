"""News of commits, by watching a number that SQLite keeps for each connection."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

from codelab.store import sqlite

_POLL_SECONDS = 0.04


class CommitWatcher:
    """Wakes listeners when any connection to a database commits.

    One thread per database, alive only while somebody listens. ``_listeners`` and ``_thread`` are guarded
    by ``_guard``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._listeners: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    async def changes(self) -> AsyncIterator[None]:
        """Yield once, and then after every commit; ends when the database is closed."""
        news = asyncio.Event()
        self._listen(news)
        try:
            while True:
                await news.wait()
                news.clear()
                if self._stop.is_set():
                    return
                yield
        finally:
            with self._guard:
                self._listeners.pop(news, None)

    def committed(self) -> None:
        """Wake the listeners at once: this process has committed and need not look for it."""
        self._tell()

    def stop(self) -> None:
        """End all listeners and the thread."""
        self._stop.set()
        self._tell()
        with self._guard:
            thread = self._thread
        if thread is not None:
            thread.join(timeout=5)

    def _listen(self, news: asyncio.Event) -> None:
        with self._guard:
            self._listeners[news] = asyncio.get_running_loop()
            if self._stop.is_set() or self._thread is not None:
                news.set()
            else:  # the thread wakes it when it knows the version from which it counts
                self._thread = threading.Thread(target=self._watch, name="commits", daemon=True)
                self._thread.start()

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                with closing(sqlite.connect(self._path, read_only=True)) as db:
                    self._watch_through(db)
                    return
            except sqlite.Error:
                self._stop.wait(_POLL_SECONDS)

    def _watch_through(self, db: sqlite.Connection) -> None:
        seen = -1
        while not self._stop.wait(_POLL_SECONDS if seen >= 0 else 0):
            with self._guard:
                if not self._listeners:
                    self._thread = None
                    return
            (version,) = db.execute("PRAGMA data_version").fetchone()
            if version != seen:
                seen = version
                self._tell()

    def _tell(self) -> None:
        with self._guard:
            for news, loop in self._listeners.items():
                with contextlib.suppress(RuntimeError):  # its loop is closed
                    loop.call_soon_threadsafe(news.set)
