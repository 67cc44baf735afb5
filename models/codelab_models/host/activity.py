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

    @property
    def others(self) -> int:
        """How many requests are under way beside the one that asks."""
        return max(0, self._active - 1)

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

    def end_within(self, idle_seconds: float) -> None:
        """Be idle after so long without a request from now on; those under way are waited for."""
        self._idle_seconds = idle_seconds
        self._timer.cancel()
        if not self._active:
            self._timer = asyncio.get_running_loop().call_later(idle_seconds, self._idle.set)

    async def idle(self) -> None:
        """Return once the host is idle."""
        await self._idle.wait()
