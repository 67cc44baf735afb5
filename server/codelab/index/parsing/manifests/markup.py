"""Read XML safely: a text that declares entities is refused, so that none can be expanded."""

from collections.abc import Iterator
from typing import NamedTuple
from xml.parsers import expat  # with its handlers for entities refusing, as below

MAX_DEPTH = 100


class Element(NamedTuple):
    """An element that has ended.

    Attributes:
        path: Names from the root to this one, without namespaces.
        attributes: By name.
        texts: The text of its children that hold text alone, by name.
        line: Where it begins, from 1.
    """

    path: tuple[str, ...]
    attributes: dict[str, str]
    texts: dict[str, str]
    line: int


def elements(text: str) -> Iterator[Element]:
    """Return the elements of a document as they end, inner ones first.

    Raises:
        ValueError: It is not well-formed, declares entities, or is nested deeper than MAX_DEPTH.
    """
    found: list[Element] = []
    stack: list[tuple[Element, list[str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) >= MAX_DEPTH:
            raise ValueError("nested too deeply")
        path = (*stack[-1][0].path, _local(name)) if stack else (_local(name),)
        stack.append((Element(path, attributes, {}, parser.CurrentLineNumber), []))

    def end(_: str) -> None:
        element, pieces = stack.pop()
        found.append(element)
        if stack:
            stack[-1][0].texts.setdefault(element.path[-1], "".join(pieces).strip())

    def data(piece: str) -> None:
        if stack:
            stack[-1][1].append(piece)

    def refuse(*_: object) -> None:
        raise ValueError("it declares entities")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = data, refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    return iter(found)


def _local(name: str) -> str:
    return name.rpartition(":")[2]
