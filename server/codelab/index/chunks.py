"""Cut a file into chunks by its syntax.

Definitions are units; a unit that fits is one piece, a container (a class, a section) and a unit that is
too long are cut into their own lines and the units they hold; what lies between units is cut at statement
boundaries. Small neighbours are then joined. Everything counts in whole rows, so that no line is lost.
"""

from typing import TYPE_CHECKING

from codelab.index.leading import Leading
from codelab.index.merging import Piece, merge_small
from codelab.index.parsed import Chunk
from codelab.index.spans import heading_spans, tail_ends
from codelab.index.statements import cut_at_statements
from codelab.index.symbols import Found
from codelab.index.windows import MAX_LINES, MAX_WEIGHT, Lines, windows

if TYPE_CHECKING:
    from tree_sitter import Node

# A container up to this many rows is one chunk: its members are too short to stand alone.
SMALL_CONTAINER = 12
MAX_NESTING = 40

# What only lends its name (an ``impl`` block) is shown as the class it completes.
_CHUNK_KINDS = {"scope": "class"}


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


def find_units(
    captures: "dict[str, list[Node]]", found: list[Found], lines: Lines, leading: Leading
) -> list[Unit]:
    """Arrange what the chunks query captured as a tree.

    Args:
        captures: What the queries gave: ``@chunk`` and ``@container``.
        found: The definitions, named; a unit takes the name of the definition with the same span.
        lines: The file.
        leading: Its comments and decorators.

    Returns:
        The outermost units in the order of the file.
    """
    named = {(one.start, one.end): one for one in found}
    marked: list[tuple[int, int, bool, int, Node]] = []
    tails = tail_ends(captures, lines.data) if "tail" in captures else {}
    for capture in ("container", "chunk"):
        for node in captures.get(capture, ()):
            start, end = node.byte_range
            if tails:
                end = tails.get(end, end)
            marked.append((start, -end, capture != "container", len(marked), node))
    for start, end, node in heading_spans(captures, lines.data):
        # What is under a heading stands beside it.
        marked.append((start, -end, False, len(marked), node.parent or node))
    marked.sort()
    top: list[Unit] = []
    stack: list[Unit] = []
    last = (-1, -1)
    for start, minus_end, leaf, _, node in marked:
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
        name = (
            (definition.qualified, _CHUNK_KINDS.get(definition.kind, definition.kind))
            if definition
            else ("", "")
        )
        unit = Unit(
            leading.first_row(lines.row_of(start)),
            lines.row_of(max(start, end - 1)) + 1,
            node,
            name,
            end=end,
            container=not leaf,
        )
        (stack[-1].children if stack else top).append(unit)
        stack.append(unit)
    return top


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
        row = first
        for unit in owner.children:
            start, end = max(unit.first, row), min(unit.after, after)
            if end <= start:
                continue
            if start > row:
                self._between(row, start, owner)
            self._unit(start, end, unit, owner)
            row = end
        if row < after:
            self._between(row, after, owner)

    def _unit(self, first: int, after: int, unit: Unit, owner: Unit) -> None:
        total = self.lines.total
        if not unit.name[0]:
            unit.name = owner.name
        fits = total[after] - total[first] <= MAX_WEIGHT and after - first <= MAX_LINES
        if fits and (not unit.container or after - first <= SMALL_CONTAINER):
            self.pieces.append(Piece(first, after, unit.name, owner.name))
        else:
            self.fill(first, after, unit)

    def _between(self, first: int, after: int, owner: Unit) -> None:
        lines = self.lines
        total = lines.total
        first, after = lines.trim(first, after)
        if first >= after:
            return
        if total[after] - total[first] <= MAX_WEIGHT and after - first <= MAX_LINES:
            self.pieces.append(Piece(first, after, owner.name, owner.name))
        elif self._has_error(first, after):
            self._windows(first, after, owner)
        else:
            for start, end, fits in cut_at_statements(lines, owner.node, first, after):
                if fits:
                    self.pieces.append(Piece(start, end, owner.name, owner.name))
                else:
                    self._windows(start, end, owner)

    def _has_error(self, first: int, after: int) -> bool:
        return any(start < after and end > first for start, end in self.errors)

    def _windows(self, first: int, after: int, owner: Unit) -> None:
        for start, end, low, high in windows(self.lines, first, after):
            self.pieces.append(Piece(start, end, (owner.name[0], "window"), owner.name, (low, high)))


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
        chunks.append(Chunk(piece.first + 1, piece.after, low, high, *piece.name))
    return tuple(chunks)
