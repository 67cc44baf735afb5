"""The output of a command, of which much is kept: the beginning, and the end."""

from collections import deque

_HEAD_BYTES = 20_000
_TAIL_BYTES = 60_000


class KeptOutput:
    """Keeps the beginning and the end of an output, up to a size at which the command is stopped.

    Args:
        most: Bytes that may come in all.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._left_out = 0
        self._total = 0

    def add(self, data: bytes) -> bool:
        """Take more output; false if that is more than may come."""
        self._total += len(data)
        room = _HEAD_BYTES - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if data:
            self._tail.append(data)
            self._tail_size += len(data)
        while self._tail and self._tail_size - len(self._tail[0]) >= _TAIL_BYTES:
            gone = len(self._tail.popleft())
            self._tail_size -= gone
            self._left_out += gone
        return self._total <= self._most

    def text(self) -> str:
        """Return what was kept, with a line that tells how much was left out."""
        head, tail = bytes(self._head), b"".join(self._tail)
        if not self._left_out:
            return (head + tail).decode(errors="replace")
        between = f"\n... ({self._left_out:,} bytes left out) ...\n"
        return head.decode(errors="replace") + between + tail.decode(errors="replace")
