"""Where the captures of the queries are in a file, as bytes: a node is asked once, and slowly.

Also where definitions end whose grammar does not say so: sections under headings, bodies beside signatures.
"""

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

Span = tuple[int, int]
"""First byte, and the byte after the last."""
Spans = dict[str, list[Span]]
"""By capture name, in the order of the captures."""
Heading = tuple[int, int, "Node"]
"""Where a section under a heading begins and ends, and the heading."""

_SPAN = attrgetter("byte_range")


class Captured(NamedTuple):
    """What the queries captured in a file.

    Attributes:
        nodes: By capture name, in no order.
        spans: Where they are, in the same order.
        headings: The sections under headings that the grammar does not make sections of.
    """

    nodes: "dict[str, list[Node]]"
    spans: Spans
    headings: "list[Heading]"


def locate(nodes: "dict[str, list[Node]]", data: bytes) -> Captured:
    """Return what the queries captured together with where it is."""
    spans = {name: list(map(_SPAN, found)) for name, found in nodes.items()}
    return Captured(nodes, spans, heading_spans(nodes, data) if "heading" in nodes else [])


def tail_ends(spans: Spans, data: bytes) -> dict[int, int]:
    """Return for the end of a definition the end of the ``@tail`` that is right behind it.

    Some grammars make the body of a function the neighbour of its signature.
    """
    ends = sorted(
        {end for name, found in spans.items() if name.startswith("definition.") for _, end in found}
    )
    tails: dict[int, int] = {}
    for start, end in spans.get("tail", ()):
        at = bisect_right(ends, start) - 1
        if at >= 0 and not data[ends[at] : start].strip():
            tails[ends[at]] = end
    return tails


def heading_spans(captures: "dict[str, list[Node]]", data: bytes) -> "list[Heading]":
    """Return where the sections under ``@heading`` captures begin and end, and the heading.

    They are headings that the grammar does not make sections of: such a section ends at the next heading
    that is not below it, or with what the heading stands in.
    """
    headings = sorted(captures.get("heading", ()), key=_start_of)
    styles: dict[bytes, int] = {}
    spans: list[Heading] = []
    open_sections: list[tuple[int, int]] = []  # level, place in spans
    for node in headings:
        start, end = node.byte_range
        level = _level(data[start:end], styles)
        while open_sections and open_sections[-1][0] >= level:
            _close(spans, open_sections.pop()[1], start)
        parent = node.parent
        open_sections.append((level, len(spans)))
        spans.append((start, max(end, parent.end_byte if parent is not None else end), node))
    return spans


def _close(spans: "list[Heading]", at: int, end: int) -> None:
    start, last, node = spans[at]
    spans[at] = (start, max(node.end_byte, min(last, end)), node)


def _level(text: bytes, styles: dict[bytes, int]) -> int:
    """Return how deep a heading is: by its tag, else by when its style of lines was first used.

    The second is the rule of reStructuredText, https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html,
    and agrees with the two styles of Markdown unless the first of them is left out.
    """
    if text[:2] in (b"<h", b"<H"):
        return text[2] - 48
    text = text.strip()
    mark = text[-1:]
    return styles.setdefault(mark + mark if text.startswith(mark) else mark, len(styles))


def _start_of(node: "Node") -> int:
    return node.start_byte
