"""How a request is stopped from another thread, also while llama.cpp computes."""

import threading


class Stopped(Exception):
    """The request was cancelled."""


class Cancelling:
    """Knows which request is at work and whether it is still wanted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: int | None = None
        self._early: set[int] = set()
        self.wanted = True
        """False once the request at work is cancelled; llama.cpp asks for it at every node of its graph."""

    def begin(self, number: int) -> None:
        """Note the request that is at work now.

        Raises:
            Stopped: It was cancelled before it began.
        """
        with self._lock:
            self._current = number
            self.wanted = number not in self._early
            self._early.clear()
        self.check()

    def cancel(self, number: int) -> None:
        """Stop a request; one that is over is let be."""
        with self._lock:
            if number == self._current:
                self.wanted = False
            elif self._current is None or number > self._current:
                self._early.add(number)

    def check(self) -> None:
        """Raise ``Stopped`` if the request at work is cancelled."""
        if not self.wanted:
            raise Stopped
