"""Parse and query within bounds: some texts take a grammar minutes for a few kilobytes.

Recovering from errors can take time that grows with the square of the text, and so can a query over a tree
that is very deep or has an error with thousands of parts. What does not fit the bounds is left to windows.
The bounds count work, not time, so that a file gives the same result on every machine.
"""

import re
import threading
from itertools import accumulate
from typing import TYPE_CHECKING

from codelab_grammars.grammar import Grammar

if TYPE_CHECKING:
    from tree_sitter import Node, Point, Tree

# A tree takes tens of times the memory of its text.
MAX_BYTES = 16_000_000

# The parser reports every 100 steps or so; ordinary source takes up to 0.012 reports per byte.
FREE_REPORTS = 5_000
REPORTS_PER_BYTE = 0.05

# Texts that crash a grammar: the scanner of YAML writes about 250 levels of blocks into a fixed buffer, and
# each level takes a column.
_CRASHES = {"yaml": re.compile(rb"^[ \t?:-]{120}", re.MULTILINE)}

# Grammars whose work within one report grows with the depth of what is open: ten thousand brackets take
# seconds, and twice as many four times as long. Real source has fewer than a hundred open at once.
_SLOWED_BY_DEPTH = frozenset(("dart", "lua"))
_MAX_OPEN = 1_000
_OPENING, _CLOSING = b"([{", b")]}"
_NO_BRACKETS = bytes(sorted(set(range(256)) - set(_OPENING + _CLOSING)))

_SCRATCH_BYTES = 1_000_000
_kept = threading.local()  # the scratch memory of each thread, and one view of it for each length of a text

MAX_DEPTH = 500
MAX_ERROR_PARTS = 4_000


def bounded_tree(grammar: Grammar, data: bytes, part: tuple[int, int] | None = None) -> "Tree | None":
    """Parse, or return None when it takes more work than any real source of that size.

    Args:
        grammar: The language.
        data: The file.
        part: The bytes to parse when not all; the places in the tree still count from the file's start.

    Returns:
        The tree, or None. Never ask its nodes for their ``text``: it was read through a callback, and the
        binding crashes there.
    """
    from tree_sitter import Parser, Range

    crashes = _CRASHES.get(grammar.name)
    if crashes is not None and crashes.search(data):
        return None
    if grammar.name in _SLOWED_BY_DEPTH and most_open(data) > _MAX_OPEN:
        return None
    scratch = _scratch_with(data)
    size = len(data) if part is None else part[1] - part[0]
    budget = FREE_REPORTS + int(size * REPORTS_PER_BYTE)
    reports = 0

    def read(byte: int, _: "Point") -> memoryview | bytes:
        # The last bytes are asked for again and again; of so few there is only ever one object.
        return data[byte:] if byte >= len(data) - 1 else scratch if not byte else scratch[byte:]

    def is_too_much(_: int, __: bool) -> bool:
        nonlocal reports
        reports += 1
        return reports > budget

    ranges = None
    if part is not None:
        # The queries ask for bytes alone, so that rows and columns may be left out.
        ranges = [Range((0, part[0]), (0, part[1]), part[0], part[1])]
    try:
        return Parser(grammar.language, included_ranges=ranges).parse(read, progress_callback=is_too_much)
    except ValueError:
        return None


def _scratch_with(data: bytes) -> memoryview:
    """Return a text as memory that is used again for the next one.

    The binding (tree-sitter 0.26.1) never lets go of what a callback returns: the text itself would stay for
    good, and where it is long it does. Of parts of a text each is another object, but these are few.
    """
    size = len(data)
    if size > _SCRATCH_BYTES:
        return memoryview(data)
    if not hasattr(_kept, "views"):
        _kept.buffer, _kept.views = memoryview(bytearray(_SCRATCH_BYTES)), {}
    _kept.buffer[:size] = data
    if size not in _kept.views:
        _kept.views[size] = _kept.buffer[:size]
    view: memoryview = _kept.views[size]
    return view


def most_open(data: bytes) -> int:
    """Return how many brackets are open at once, at most."""
    brackets = data.translate(None, _NO_BRACKETS)
    return max(accumulate(1 if one in _OPENING else -1 for one in brackets), default=0)


def bounded_captures(grammar: Grammar, tree: "Tree") -> "dict[str, list[Node]] | None":
    """Run the query, or return None when the tree is mostly one error of thousands of parts.

    What is nested deeper than MAX_DEPTH is not captured.
    """
    from tree_sitter import QueryCursor

    root = tree.root_node
    if root.has_error and any(
        node.is_error and node.child_count > MAX_ERROR_PARTS for node in (root, *root.children)
    ):
        return None
    cursor = QueryCursor(grammar.query)
    cursor.set_max_start_depth(MAX_DEPTH)
    return cursor.captures(root)
