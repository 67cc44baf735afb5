"""The two threads that carry bytes: one reads from the client, one writes to it.

They are apart from every executor, so that no long job delays reading, and daemons, so that a client that
neither reads nor closes cannot keep the process.
"""

import asyncio
import os
import queue
import threading
from collections.abc import Callable

from codelab.lsp.framer import FrameError, Framer

_CHUNK = 1 << 16
_AHEAD = 64
"""Messages read before the loop has handled them; the client's pipe holds the rest back."""
_BACKLOG_LIMIT = 64 * 1024 * 1024
"""Bytes that wait for a client that does not read; beyond it the client is taken for gone."""


class IncomingThread:
    """Reads messages and hands each to the event loop in order.

    Args:
        descriptor: Where to read.
        loop: The loop that ``on_message`` and ``on_end`` run in.
        on_message: Takes one message.
        on_end: Told once: None at the end of the input, or the frame that was malformed.
    """

    def __init__(
        self,
        descriptor: int,
        loop: asyncio.AbstractEventLoop,
        on_message: Callable[[object], None],
        on_end: Callable[[FrameError | None], None],
    ) -> None:
        self._descriptor = descriptor
        self._loop = loop
        self._on_message = on_message
        self._on_end = on_end
        self._slots = threading.Semaphore(_AHEAD)
        self._thread = threading.Thread(target=self._read, name="codelab-incoming", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def _read(self) -> None:
        framer = Framer()
        problem: FrameError | None = None
        try:
            while data := _read_some(self._descriptor):
                for message in framer.feed(data):
                    self._slots.acquire()
                    self._loop.call_soon_threadsafe(self._deliver, message)
            framer.end()
        except FrameError as error:
            problem = error
        except RuntimeError:
            return  # the loop is closed: the server has ended
        try:
            self._loop.call_soon_threadsafe(self._on_end, problem)
        except RuntimeError:
            return

    def _deliver(self, message: object) -> None:
        self._slots.release()
        self._on_message(message)


def _read_some(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:
        return b""


class OutgoingThread:
    """Writes what it is given in order; ``write`` never waits for the client.

    Args:
        descriptor: Where to write.
        on_lost: Called once, from the writing thread, when the client no longer takes anything.
    """

    def __init__(self, descriptor: int, on_lost: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_lost = on_lost
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0  # bytes, guarded by the lock
        self._lost = False  # guarded by the lock
        self._thread = threading.Thread(target=self._write, name="codelab-outgoing", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Send bytes; dropped when the client is gone."""
        with self._lock:
            if self._lost:
                return
            self._waiting += len(data)
            too_much = self._waiting > _BACKLOG_LIMIT
        if too_much:
            self._lose()
            return
        self._queue.put(data)

    def close(self, seconds: float = 0.5) -> None:
        """Write what waits, for so many seconds at most, and stop."""
        self._queue.put(None)
        self._thread.join(seconds)

    def _lose(self) -> None:
        with self._lock:
            first, self._lost = not self._lost, True
        if first:
            self._on_lost()

    def _write(self) -> None:
        while (data := self._queue.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:
                self._lose()
                return
            with self._lock:
                self._waiting -= len(data)
