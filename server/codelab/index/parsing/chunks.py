"""Cut a file into chunks by its syntax.

Definitions are units; a unit that fits is one piece, a container (a class, a section) and a unit that is
too long are cut into their own lines and the units they hold; what lies between units is cut at statement
boundaries. Small neighbours are then joined. Everything counts in whole rows, so that no line is lost.
"""

from bisect import bisect_right
from typing import TYPE_CHECKING

from codelab.index.parsing.leading import Leading
from codelab.index.parsing.merging import Piece, merge_small
from codelab.index.parsing.parsed import Chunk
from codelab.index.parsing.spans import Captured, tail_ends
from codelab.index.parsing.statements import cut_at_statements
from codelab.index.parsing.symbols import Found
from codelab.index.parsing.windows import MAX_LINES, MAX_WEIGHT, Lines, windows

if TYPE_CHECKING:
    from tree_sitter import Node

# A container up to this many rows is one chunk: its members are too short to stand alone.
SMALL_CONTAINER = 12
MAX_NESTING = 40

# What only lends its name (an ``impl`` block) is shown as the class it completes.
_CHUNK_KINDS = {"scope": "class"}
_NO_NAME = ("", "")


class Unit:
    """Rows that the chunks query marks: ``first`` to ``after``, ``after`` excluded, leading comments in."""

    __slots__ = ("after", "children", "container", "end", "first", "name", "node")

    def __init__(
        self, first: int, after: int, node: "Node", name: tuple[str, str], *, end: int, container: bool
    ) -> None:
        self.first = first
        self.after = after
        self.container = container
        self.node = node
        self.name = name
        self.end = end
        self.children: list[Unit] = []


def find_units(captured: Captured, found: list[Found], lines: Lines, leading: Leading) -> list[Unit]:
    """Arrange what the chunks query captured as a tree.

    Args:
        captured: What the queries gave, ``@chunk`` and ``@container`` in it.
        found: The definitions, named; a unit takes the name of the definition with the same span.
        lines: The file.
        leading: Its comments and decorators.

    Returns:
        The outermost units in the order of the file.
    """
    named = {(one.start, one.end): one for one in found}
    starts, count, row_above = lines.starts, lines.count, leading.ends
    top: list[Unit] = []
    stack: list[Unit] = []
    last = (-1, -1)
    for start, minus_end, leaf, _, node in _marked(captured, lines.data):
        end = -minus_end
        if (start, end) == last:
            continue
        last = (start, end)
        while stack and stack[-1].end <= start:
            stack.pop()
        if len(stack) >= MAX_NESTING:
            continue
        if stack:
            end = min(end, stack[-1].end)
        # A statement has a semicolon after the definition that it is.
        definition = named.get((start, end)) or named.get((start, end - 1))
        name = _NO_NAME
        if definition is not None:
            name = definition.qualified, _CHUNK_KINDS.get(definition.kind, definition.kind)
        first = bisect_right(starts, start, 0, count) - 1
        after = bisect_right(starts, max(start, end - 1), first, count)
        if first - 1 in row_above:
            first = leading.first_row(first)
        unit = Unit(first, after, node, name, end=end, container=not leaf)
        (stack[-1].children if stack else top).append(unit)
        stack.append(unit)
    return top


def _marked(captured: Captured, data: bytes) -> "list[tuple[int, int, bool, int, Node]]":
    """Return (start, -end, whether it is no container, number, node) of what is marked, outer ones first."""
    nodes, spans, headings = captured
    marked: list[tuple[int, int, bool, int, Node]] = []
    tails = tail_ends(spans, data) if "tail" in spans else {}
    for capture in ("container", "chunk"):
        leaf = capture != "container"
        for (start, end), node in zip(spans.get(capture, ()), nodes.get(capture, ()), strict=True):
            marked.append((start, -tails.get(end, end), leaf, len(marked), node))
    for start, end, node in headings:
        # What is under a heading stands beside it.
        marked.append((start, -end, False, len(marked), node.parent or node))
    marked.sort()
    return marked


class Cutter:
    """Cuts one file; ``pieces`` grows in the order of the file.

    Args:
        lines: The file.
        errors: The rows (first, after) that the grammar could not read, in order.
    """

    def __init__(self, lines: Lines, errors: list[tuple[int, int]]) -> None:
        self.lines = lines
        self.errors = errors
        self.pieces: list[Piece] = []

    def fill(self, first: int, after: int, owner: Unit) -> None:
        """Cut rows that belong to ``owner`` into its units and what lies between them."""
        total, pieces = self.lines.total, self.pieces
        row = first
        for unit in owner.children:
            start, end = max(unit.first, row), min(unit.after, after)
            if end <= start:
                continue
            if start > row:
                self._between(row, start, owner)
            row = end
            if not unit.name[0]:
                unit.name = owner.name
            weight = total[end] - total[start]
            if (
                weight <= MAX_WEIGHT
                and end - start <= MAX_LINES
                and (not unit.container or end - start <= SMALL_CONTAINER)
            ):
                pieces.append(Piece(start, end, unit.name, owner.name, weight))
            else:
                self.fill(start, end, unit)
        if row < after:
            self._between(row, after, owner)

    def _between(self, first: int, after: int, owner: Unit) -> None:
        lines = self.lines
        total = lines.total
        if total[first] == total[after]:
            return
        first, after = lines.trim(first, after)
        if total[after] - total[first] <= MAX_WEIGHT and after - first <= MAX_LINES:
            self._add(first, after, owner)
        elif self._has_error(first, after):
            self._windows(first, after, owner)
        else:
            for start, end, fits in cut_at_statements(lines, owner.node, first, after):
                if fits:
                    self._add(start, end, owner)
                else:
                    self._windows(start, end, owner)

    def _add(self, first: int, after: int, owner: Unit) -> None:
        total = self.lines.total
        self.pieces.append(Piece(first, after, owner.name, owner.name, total[after] - total[first]))

    def _has_error(self, first: int, after: int) -> bool:
        return any(start < after and end > first for start, end in self.errors)

    def _windows(self, first: int, after: int, owner: Unit) -> None:
        total, name = self.lines.total, (owner.name[0], "window")
        for start, end, low, high in windows(self.lines, first, after):
            weight = total[end] - total[start]
            self.pieces.append(Piece(start, end, name, owner.name, weight, window=(low, high)))


def make_chunks(
    units: list[Unit], root: "Node", lines: Lines, errors: list[tuple[int, int]]
) -> tuple[Chunk, ...]:
    """Cut a file.

    Args:
        units: Its outermost units.
        root: The root of its tree.
        lines: The file.
        errors: The rows (first, after) that the grammar could not read, in order.

    Returns:
        Its chunks in order; every row that is not blank is in one.
    """
    cutter = Cutter(lines, errors)
    whole = Unit(0, lines.count, root, ("", "module"), end=len(lines.data), container=True)
    whole.children = units
    cutter.fill(0, lines.count, whole)
    starts = lines.starts
    chunks = []
    for piece in merge_small(cutter.pieces, lines):
        low, high = piece.window or (starts[piece.first], starts[piece.after])
        chunks.append(Chunk._make((piece.first + 1, piece.after, low, high, *piece.name)))
    return tuple(chunks)
