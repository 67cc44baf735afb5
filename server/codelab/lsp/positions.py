"""Positions as clients count them, to and from code points; nowhere else are they converted.

A line ends at CR LF, LF or CR and nothing else, as the protocol says: a form feed or U+2028 is text.
"""

import re

from lsprotocol import types

from codelab.core.positions import TextPosition, TextRange

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def split_lines(text: str) -> list[str]:
    """Return the lines of a text with their ends; a text that ends with a line end has no further line."""
    return _LINE.findall(text)


def units(text: str, encoding: str) -> int:
    """Return the length of a text as a client counts it; ``encoding`` is utf-8, utf-16 or utf-32."""
    if text.isascii() or encoding == "utf-32":
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(character > "\uffff" for character in text)


def to_client(position: TextPosition, lines: list[str], encoding: str) -> types.Position:
    """Return a position in code points as the client counts it."""
    line = lines[position.line] if position.line < len(lines) else ""
    return types.Position(position.line, units(line[: position.character], encoding))


def range_to_client(span: TextRange, lines: list[str], encoding: str) -> types.Range:
    """Return a range in code points as the client counts it."""
    return types.Range(to_client(span.start, lines, encoding), to_client(span.end, lines, encoding))


def from_client(position: types.Position, lines: list[str], encoding: str) -> TextPosition:
    """Return a client's position in code points.

    A column beyond the line is its end (before the line end), a line beyond the text is the end of the text,
    and a column inside a character is its beginning, as the protocol says.
    """
    if position.line >= len(lines):
        ended = not lines or lines[-1].endswith(("\n", "\r"))
        return TextPosition(len(lines), 0) if ended else TextPosition(len(lines) - 1, len(lines[-1]))
    line = lines[position.line].rstrip("\r\n")
    if line.isascii() or encoding == "utf-32":
        return TextPosition(position.line, min(position.character, len(line)))
    counted = 0
    for index, character in enumerate(line):
        counted += units(character, encoding)
        if counted > position.character:
            return TextPosition(position.line, index)
    return TextPosition(position.line, len(line))


def offset_of(position: TextPosition, lines: list[str]) -> int:
    """Return the offset in the whole text of a position in code points."""
    return sum(map(len, lines[: position.line])) + position.character
