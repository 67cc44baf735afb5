"""Cut what is too long for one chunk where its statements begin."""

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from codelab.index.parsing.windows import MAX_LINES, MAX_WEIGHT, Lines

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_LEVELS = 16
MAX_NODES = 50_000


def cut_at_statements(lines: Lines, node: "Node", first: int, after: int) -> list[tuple[int, int, bool]]:
    """Cut rows into parts of about equal weight at statement boundaries.

    Args:
        lines: The file.
        node: The node whose children, and those of its long children, are the statements.
        first: First row.
        after: The row after the last one.

    Returns:
        (first row, row after the last, whether it fits in a chunk) of each part, in order.
    """
    bounds = [row for row in _boundaries(lines, node, first, after) if first < row < after]
    bounds.append(after)
    total = lines.total
    weight = total[after] - total[first]
    parts = max(1, -(-weight // MAX_WEIGHT), -(-(after - first) // MAX_LINES))
    enough_weight, enough_lines = weight // parts, (after - first) // parts
    found = []
    start = last = first
    for bound in bounds:
        if start < last and not _fits(lines, start, bound):
            found.append((start, last))
            start = last
        last = bound
        if total[bound] - total[start] >= enough_weight or bound - start >= enough_lines:
            found.append((start, bound))
            start = bound
    if start < last:
        found.append((start, last))
    trimmed = (lines.trim(start, end) for start, end in found)
    return [(start, end, _fits(lines, start, end)) for start, end in trimmed if start < end]


def _fits(lines: Lines, first: int, after: int) -> bool:
    return lines.total[after] - lines.total[first] <= MAX_WEIGHT and after - first <= MAX_LINES


def _boundaries(lines: Lines, node: "Node", first: int, after: int) -> list[int]:
    """Return the rows where statements begin, in order; of long statements also those within them."""
    low, high = lines.starts[first], lines.starts[after]
    row_of = lines.row_of
    rows: set[int] = set()
    level = [node]
    seen = 0
    for _ in range(MAX_LEVELS):
        below = []
        for parent in level:
            children = parent.named_children
            begin = bisect_right(children, low, key=_end_of)
            finish = bisect_left(children, high, key=_start_of)
            for child in children[begin:finish]:
                start, end = child.byte_range
                row = row_of(start)
                rows.add(row)
                if not _fits(lines, row, row_of(max(start, end - 1)) + 1):
                    below.append(child)
            seen += finish - begin
        if not below or seen > MAX_NODES:
            break
        level = below
    return sorted(rows)


def _start_of(node: "Node") -> int:
    return node.start_byte


def _end_of(node: "Node") -> int:
    return node.end_byte
