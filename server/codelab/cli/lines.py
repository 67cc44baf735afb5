"""Lines from standard input, read by a thread that cannot hold up the end of the process."""

import asyncio
import contextlib
import os
import sys
import threading

_PIECE_BYTES = 64 * 1024


class InputLines:
    """The lines of standard input as they come; to be made and used within one event loop.

    The descriptor is read and not ``sys.stdin``: a thread that waits in there holds a lock that the
    interpreter needs while it ends.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._started = False

    async def next(self) -> str | None:
        """Return the next line without its end, or None when the input has ended."""
        if not self._started:
            self._started = True
            loop = asyncio.get_running_loop()
            threading.Thread(target=self._read, args=(loop,), daemon=True, name="input lines").start()
        line = await self._queue.get()
        if line is None:
            self._queue.put_nowait(None)  # the end stays the end
        return line

    def forget(self) -> None:
        """Drop what has been typed so far, also what the terminal still holds."""
        ended = False
        while not self._queue.empty():
            ended = self._queue.get_nowait() is None
        if ended:
            self._queue.put_nowait(None)
        # Where there is no such module, or no such terminal, nothing is held back.
        with contextlib.suppress(ImportError, OSError, ValueError):
            import termios

            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        held = b""
        with contextlib.suppress(RuntimeError):  # the loop has ended; nobody asks any more
            while piece := _read_piece():
                *lines, held = (held + piece).split(b"\n")
                for line in lines:
                    loop.call_soon_threadsafe(self._queue.put_nowait, line.decode("utf-8", "replace"))
            if held:
                loop.call_soon_threadsafe(self._queue.put_nowait, held.decode("utf-8", "replace"))
            loop.call_soon_threadsafe(self._queue.put_nowait, None)


def _read_piece() -> bytes:
    try:
        return os.read(sys.stdin.fileno(), _PIECE_BYTES)
    except (OSError, ValueError, AttributeError):  # a terminal that is gone, a closed or missing input
        return b""
