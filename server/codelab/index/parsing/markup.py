"""Definitions in markup: which elements are headings, and which have a name of their own.

The queries cannot tell one tag from another, since they use no text predicates. They capture the tags
(``@tag``) and the attributes (``@attribute``, the attribute's name) that may matter, and those that do are
picked here.
"""

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_HEADINGS = frozenset((b"h1", b"h2", b"h3", b"h4", b"h5", b"h6"))
_NAMES = {"html": (b"id",), "xml": (b"id", b"name", b"xml:id", b"android:name", b"x:Name", b"key")}
_LOOKED_AT = 8  # children of an element, in search of its text
MAX_NAMED = 400
"""A file with more named elements than this is a table of data, whose rows are no definitions."""
MIN_ROWS = 3
"""An element of XML that is shorter is not called by its tag."""


def mark_elements(captures: "dict[str, list[Node]]", language: str, data: bytes) -> None:
    """Add definitions, names, headings and containers for what is named in a document.

    In HTML that is elements with an id, and headings; in XML elements of the first level with an attribute
    that names them, else by their tag where it is the only one there.

    Args:
        captures: What the queries gave; extended in place.
        language: ``html`` or ``xml``.
        data: The file.
    """
    names = captures.setdefault("name", [])
    tags = captures.get("tag", ())
    attributes = (_named(node, _NAMES[language], data) for node in captures.get("attribute", ()))
    named = {element.start_byte: (element, name) for element, name in filter(None, attributes)}
    if language == "html":
        headings = captures.setdefault("heading", [])
        for tag in tags:
            if data[tag.start_byte : tag.end_byte].lower() in _HEADINGS:
                element = _element_of(tag)
                text = _first_text(element) if element is not None else None
                if element is not None and text is not None:
                    headings.append(element)
                    names.append(text)
    else:
        count = Counter(data[tag.start_byte : tag.end_byte] for tag in tags)
        for tag in tags:
            element = _element_of(tag)
            if (
                element is not None
                and count[data[tag.start_byte : tag.end_byte]] == 1
                and data.count(b"\n", *element.byte_range) >= MIN_ROWS - 1
            ):
                named.setdefault(element.start_byte, (element, tag))
    if len(named) <= MAX_NAMED:
        elements = [element for element, _ in named.values()]
        captures["definition.element"] = elements
        captures["container"] = captures.get("container", []) + elements
        names.extend(name for _, name in named.values())


def _named(attribute: "Node", names: tuple[bytes, ...], data: bytes) -> "tuple[Node, Node] | None":
    """Return the element that an attribute gives a name to, and the name."""
    if data[attribute.start_byte : attribute.end_byte] not in names:
        return None
    value = attribute.next_named_sibling
    element = _element_of(attribute.parent)
    if element is None or value is None or value.end_byte - value.start_byte <= len('""'):
        return None
    return element, value


def _element_of(part: "Node | None") -> "Node | None":
    """Return the element whose tag holds ``part``."""
    tag = part.parent if part is not None else None
    return tag.parent if tag is not None else None


def _first_text(element: "Node") -> "Node | None":
    level = [element]
    for _ in range(4):
        level = [child for node in level for child in node.named_children[:_LOOKED_AT]]
        for child in level:
            if child.type == "text":
                return child
    return None
