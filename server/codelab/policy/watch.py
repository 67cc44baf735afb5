"""Waking whoever waits for the workspace's state to change, whichever process changed it."""

import asyncio
from contextlib import suppress

from codelab.store.state import StateDb


class StateWatch:
    """One watcher of the state database for all who wait in this process."""

    def __init__(self, db: StateDb) -> None:
        self._db = db
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch; the event loop must be running."""
        self._task = asyncio.create_task(self._watch(), name="state watch")

    async def stop(self) -> None:
        """Stop watching; those who wait run into their time-outs."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def wait(self, seconds: float) -> None:
        """Return at the next change of the state, or after some seconds; it may return early."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def _watch(self) -> None:
        async for _ in self._db.changes():
            woken, self._changed = self._changed, asyncio.Event()
            woken.set()
