"""Uses of names: calls, base classes, types and imports, from the captures of the queries."""

from bisect import bisect_right
from collections import defaultdict

from codelab.index.parsing.parsed import Reference
from codelab.index.parsing.spans import Spans
from codelab.index.parsing.symbols import Found
from codelab.index.parsing.windows import Lines

Places = dict[str, list[tuple[int, str]]]
"""By kind of use, in the order in which they win: (first byte, name) of each."""

_KINDS = ("call", "base", "type")


def find_uses(
    spans: Spans, definitions: list[Found], imported: list[tuple[int, str]], lines: Lines
) -> Places:
    """Return every use of a name that the queries capture.

    A name counts once, as the first of call, base and type; a definition's own name is not a use of it.

    Args:
        spans: What the queries captured.
        definitions: Those of the file.
        imported: First byte and name of each imported name.
        lines: The file.

    Returns:
        By kind, each kind in the order of the file.
    """
    places: Places = {}
    taken: set[int] = set()
    whole, text = lines.ascii, lines.text
    for kind in _KINDS:
        found = spans.get(kind, [])
        if kind == "call" and "call.component" in spans:
            # Elements of HTML begin with a small letter.
            found = [
                one for one in spans["call.component"] if lines.data[one[0] : one[0] + 1].isupper()
            ] + found
        if found and kind != "call":
            taken.update([start for places_of in places.values() for start, _ in places_of])
            if kind == "type":
                taken.update([name[0] for one in definitions for name in one.names])
            found = [one for one in found if one[0] not in taken]
        if whole is not None:
            places[kind] = [(start, whole[start:end]) for start, end in found if start < end]
        else:
            places[kind] = [(start, text(start, end)) for start, end in found if start < end]
        places[kind].sort()
    places["import"] = sorted(imported)
    return places


def lines_of_uses(places: Places, lines: Lines) -> dict[str, dict[str, list[int]]]:
    """Return by kind and name the lines, from 1, of the uses that ``find_uses`` found."""
    starts = lines.starts
    by_kind: dict[str, dict[str, list[int]]] = {}
    for kind, found in places.items():
        if found:
            by_name = by_kind[kind] = defaultdict(list)
            for start, name in found:
                by_name[name].append(bisect_right(starts, start))
    return by_kind


def make_references(places: Places, lines: Lines) -> tuple[Reference, ...]:
    """Return the uses that ``find_uses`` found as references, in the order of the file."""
    found = sorted((start, name, kind) for kind, uses in places.items() for start, name in uses)
    return tuple(Reference(name, bisect_right(lines.starts, start), kind) for start, name, kind in found)
