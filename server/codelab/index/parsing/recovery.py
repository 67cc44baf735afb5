"""Find the healthy definitions that a syntax error has swallowed.

After an error a grammar may read the next definitions as part of the broken one, or not at all. Where that
can have happened, the text is cut at the lines that begin in the first column, as definitions of the outer
level do, and each part is parsed by itself. The parts count unless they give fewer definitions than the
whole did, those left aside that reach over several parts: they have swallowed what comes after them.
"""

import re
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from codelab.index.parsing.bounded import bounded_captures, bounded_tree
from codelab_grammars.grammar import Grammar

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

# In these a line in the first column does not begin something that stands by itself.
_NOT_FOR = frozenset(("markdown", "json", "toml"))
_STARTS = re.compile(rb"^[A-Za-z_@]", re.MULTILINE)

MAX_PARTS = 300
MAX_BYTES = 1_000_000
MAX_CHILDREN = 10_000


def recover(grammar: Grammar, tree: "Tree", captures: "dict[str, list[Node]]", data: bytes) -> None:
    """Replace the captures of broken stretches by those of their parts, parsed by themselves.

    Args:
        grammar: The language.
        tree: A tree with errors.
        captures: What the queries gave for it; changed in place.
        data: The file.
    """
    if grammar.name in _NOT_FOR:
        return
    budget = MAX_PARTS
    for start, end in _broken(tree.root_node, data):
        bounds = [start, *(match.start() for match in _STARTS.finditer(data, start + 1, end)), end]
        budget -= len(bounds) - 1
        if len(bounds) < 3 or budget < 0 or end - start > MAX_BYTES:
            continue
        parts: dict[str, list[Node]] = {}
        for first, last in pairwise(bounds):
            part = bounded_tree(grammar, data, (first, last))
            found = bounded_captures(grammar, part) if part is not None else None
            for name, nodes in (found or {}).items():
                parts.setdefault(name, []).extend(nodes)
        if _definitions(parts, bounds) >= max(1, _definitions(captures, bounds)):
            for name in {*captures, *parts}:
                kept = [node for node in captures.get(name, ()) if not _within(node, start, end)]
                captures[name] = kept + parts.get(name, [])


def _broken(root: "Node", data: bytes) -> list[tuple[int, int]]:
    """Return the stretches with errors, each up to the next healthy node that begins in the first column."""
    if root.is_error or root.child_count > MAX_CHILDREN:
        return [(root.start_byte, root.end_byte)]
    spans: list[tuple[int, int]] = []
    start = -1
    for child in root.children:
        at = child.start_byte
        if child.has_error:
            start = at if start < 0 else start
        elif start >= 0 and data[at - 1 : at] in b"\r\n":
            spans.append((start, at))
            start = -1
    if start >= 0:
        spans.append((start, root.end_byte))
    return spans


def _within(node: "Node", start: int, end: int) -> bool:
    low, high = node.byte_range
    return start <= low and high <= end


def _definitions(captures: "dict[str, list[Node]]", bounds: list[int]) -> int:
    """Count the definitions that lie within one part."""
    count = 0
    for name, nodes in captures.items():
        if name.startswith("definition."):
            for node in nodes:
                start, end = node.byte_range
                part = bisect_right(bounds, start)
                count += 0 < part < len(bounds) and end <= bounds[part]
    return count
