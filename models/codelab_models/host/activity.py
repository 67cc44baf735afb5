"""Knows whether anybody uses the host."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Activity:
    """Watches requests; must be made in a running event loop.

    Args:
        idle_seconds: Without a request for so long, the host is idle.
    """

    def __init__(self, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._active = 0
        self._idle = asyncio.Event()
        self._timer = asyncio.get_running_loop().call_later(idle_seconds, self._idle.set)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request for the length of the block."""
        self._active += 1
        self._timer.cancel()
        try:
            yield
        finally:
            self._active -= 1
            if not self._active:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(self._idle_seconds, self._idle.set)

    async def idle(self) -> None:
        """Return once the host is idle."""
        await self._idle.wait()
