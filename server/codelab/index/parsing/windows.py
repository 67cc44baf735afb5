"""Overlapping windows of lines, for text that no grammar reads.

Sizes are counted in tokens, estimated from bytes: CHARS_PER_TOKEN is what a common model tokenizer makes
of source code once indentation is left out.
"""

from bisect import bisect_left, bisect_right
from itertools import accumulate

CHARS_PER_TOKEN = 3.5
MAX_TOKENS = 512
OVERLAP_TOKENS = 50
MAX_LINES = 60
MAX_WEIGHT = int(MAX_TOKENS * CHARS_PER_TOKEN)
OVERLAP_WEIGHT = int(OVERLAP_TOKENS * CHARS_PER_TOKEN)


class Lines:
    r"""The lines of a file and what they weigh.

    Lines end at ``\n``, ``\r\n`` or ``\r``, as editors count them, and rows count from 0.

    Attributes:
        starts: Where each row begins in the bytes, and after the last one the length of the file.
        total: ``total[b] - total[a]`` is the weight of rows a to b, b excluded: bytes without indentation.
        count: Number of rows.
        ascii: The file as text when it is plain ASCII, where bytes and characters count alike; else None.
    """

    __slots__ = ("ascii", "count", "data", "starts", "total")

    def __init__(self, data: bytes) -> None:
        rows = data.splitlines(keepends=True)
        self.data = data
        self.ascii = data.decode("ascii") if data.isascii() else None
        self.count = len(rows)
        self.starts = list(accumulate(map(len, rows), initial=0))
        self.total = list(accumulate(map(len, map(bytes.strip, rows)), initial=0))

    def row_of(self, byte: int) -> int:
        """Return the row that holds a byte offset; the end of the file belongs to the last row."""
        return bisect_right(self.starts, byte, 0, self.count) - 1

    def text(self, start: int, end: int) -> str:
        """Return the text between two byte offsets."""
        if self.ascii is not None:
            return self.ascii[start:end]
        return self.data[start:end].decode("utf-8", "replace")

    def trim(self, first: int, after: int) -> tuple[int, int]:
        """Leave out the blank rows at both ends of ``first`` to ``after``, ``after`` excluded."""
        total = self.total
        first = bisect_right(total, total[first]) - 1
        after = bisect_left(total, total[after])
        return first, max(first, after)


def windows(lines: Lines, first: int, after: int) -> list[tuple[int, int, int, int]]:
    """Cut rows into overlapping windows of at most MAX_TOKENS.

    A row too long for one window is cut inside, never within a UTF-8 sequence.

    Args:
        lines: The file.
        first: First row.
        after: The row after the last one.

    Returns:
        (first row, row after the last, first byte, byte after the last) of each window, in order.
    """
    first, after = lines.trim(first, after)
    total, starts = lines.total, lines.starts
    found: list[tuple[int, int, int, int]] = []
    row = done = first
    while row < after:
        end = bisect_right(total, total[row] + MAX_WEIGHT, row, after + 1) - 1
        if end <= row:
            cut = pieces(lines.data, starts[row], starts[row + 1])
            found.extend((row, row + 1, low, high) for low, high in cut)
            row = done = row + 1
        elif end <= done:
            # Only the overlap fits before a row that is too long: it was in the last window.
            row = done
        else:
            low, high = lines.trim(row, end)
            if low < high:
                found.append((low, high, starts[low], starts[high]))
            done = end
            overlap = bisect_left(total, total[end] - OVERLAP_WEIGHT, row, end)
            row = max(row + 1, overlap) if end < after else after
    return found


def pieces(data: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a row that is too long for one window; return first byte and byte after the last of each piece."""
    found = []
    while start < end:
        stop = _boundary(data, min(start + MAX_WEIGHT, end), end)
        found.append((start, stop))
        if stop >= end:
            break
        start = _boundary(data, stop - OVERLAP_WEIGHT, end)
    return found


def _boundary(data: bytes, at: int, end: int) -> int:
    """Move forward to the start of a UTF-8 sequence; invalid text stops it after four bytes."""
    for byte in range(at, min(at + 4, end)):
        if data[byte] & 0xC0 != 0x80:
            return byte
    return min(at, end)
