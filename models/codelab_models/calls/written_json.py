"""Reads JSON as models write it: with small mistakes forgiven, and nothing added.

Forgiven are single and triple quotes, names without quotes, trailing commas, Python's ``True``, ``False`` and
``None``, line breaks inside strings, and closing braces that are missing where the text is known to be
complete. Every string and number that comes out stands in the text between its delimiters: an unfinished
string, a number at the cut, an unfinished list and a name that stands twice are refused.
"""

import json
import math
import re
from typing import Any, NamedTuple

MOST_DEPTH = 50  # Python's own stack ends at some hundred of our calls; no tool nests so deep
MOST_DIGITS = 300  # beyond, Python refuses or returns infinity

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![\w.+-])")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z_$][\w$-]*")
_SINGLE = re.compile(r"'([^'\\]*(?:\\.[^'\\]*)*)'", re.S)
_TRIPLE = re.compile(r'("""|\'\'\')(.*?)\1', re.S)
_TO_ESCAPE = re.compile(r'\\(.)|"', re.S)
_CONTROL = re.compile(r"[\x00-\x1f]")
_WORDS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_DECODER = json.JSONDecoder(strict=False)
_EXCERPT = 40


class Unreadable(ValueError):
    """Text that cannot be read; says why, where, and what stands there."""

    def __init__(self, why: str, text: str, at: int) -> None:
        near = text[max(0, at - _EXCERPT // 2) : at + _EXCERPT // 2].strip()
        super().__init__(f"{why} at character {at + 1}" + (f", near `{near}`" if near else ""))


class Read(NamedTuple):
    """A value, the position behind it, and what was forgiven."""

    value: Any
    end: int
    repairs: tuple[str, ...]


def read_json(text: str, start: int = 0, *, complete: bool = True) -> Read:
    """Read one value.

    Args:
        text: What the model wrote.
        start: Where the value begins, or space before it.
        complete: The model said in some other way that the value ends with the text, so that closing braces
            that are missing there were forgotten and not cut off.

    Raises:
        Unreadable: It is no such value.
    """
    reader = _Reader(text, start, complete)
    value = reader.value(0)
    return Read(value, reader.at, tuple(dict.fromkeys(reader.repairs)))


class _Reader:
    """A position in a text that moves as values are read."""

    def __init__(self, text: str, at: int, complete: bool) -> None:
        self.text = text
        self.at = at
        self.repairs: list[str] = []
        self._complete = complete
        self._lists = 0

    def value(self, depth: int) -> Any:
        """Read the value that begins here."""
        if depth > MOST_DEPTH:
            raise self._error("values are nested too deep")
        begin = self._peek()
        if begin == "{":
            return self._object(depth)
        if begin == "[":
            return self._list(depth)
        if begin in ('"', "'"):
            return self._string()
        if number := _NUMBER.match(self.text, self.at):
            return self._number(number)
        word = _WORD.match(self.text, self.at)
        if word is None or word[0] not in _WORDS:
            raise self._error("a value is missing" if begin else "the text ends where a value should stand")
        if word[0][0] in "TFN":
            self.repairs.append("words of Python")
        self.at = word.end()
        return _WORDS[word[0]]

    def _object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        made: dict[str, Any] = {}
        while True:
            if self._peek() == "}":
                self.at += 1
                return made
            key = self._key()
            if key in made:
                raise self._error(f"the name {key!r} stands twice in one object")
            if self._peek() != ":":
                raise self._error(f"a colon is missing after the name {key!r}")
            self.at += 1
            made[key] = self.value(depth + 1)
            if self._ends_here():
                return made
            self._separator("}")

    def _ends_here(self) -> bool:
        """Tell whether the text ends behind this object's last value, and only closing braces are missing."""
        if self._peek() or not self._complete or self._lists:
            return False
        if self.text.rstrip()[-1].isalnum() and not self.text.rstrip().endswith(tuple(_WORDS)):
            return False  # a number that may go on
        self.repairs.append("closing braces")
        return True

    def _list(self, depth: int) -> list[Any]:
        self.at += 1
        self._lists += 1
        made: list[Any] = []
        while self._peek() != "]":
            made.append(self.value(depth + 1))
            self._separator("]")
        self.at += 1
        self._lists -= 1
        return made

    def _separator(self, closing: str) -> None:
        if self._peek() == ",":
            self.at += 1
            if self._peek() == closing:
                self.repairs.append("trailing commas")
        elif self._peek() != closing:
            missing = f"a comma or {closing} is missing"
            raise self._error(missing if self._peek() else f"the text ends where {missing}")

    def _key(self) -> str:
        if self._peek() in ('"', "'"):
            return self._string()
        name = _NAME.match(self.text, self.at)
        if name is None:
            raise self._error("a name in quotes is missing")
        self.at = name.end()
        self.repairs.append("names without quotes")
        return name[0]

    def _string(self) -> str:
        if triple := _TRIPLE.match(self.text, self.at):
            self.repairs.append("triple quotes")
            text = self._decoded(f'"{_TO_ESCAPE.sub(_escaped, triple[2])}"', 0)[0]
            self.at = triple.end()
        elif self.text[self.at] == "'":
            single = _SINGLE.match(self.text, self.at)
            if single is None:
                raise self._error("a string does not end")
            self.repairs.append("single quotes")
            text = self._decoded(f'"{_TO_ESCAPE.sub(_escaped, single[1])}"', 0)[0]
            self.at = single.end()
        else:
            text, end = self._decoded(self.text, self.at)
            if _CONTROL.search(self.text, self.at, end):
                self.repairs.append("line breaks in strings")
            self.at = end
        try:
            text.encode()
        except UnicodeEncodeError:
            raise self._error("a string holds half a character") from None
        return text

    def _decoded(self, text: str, at: int) -> tuple[str, int]:
        try:
            return _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            if "escape" in error.msg:
                raise Unreadable("a backslash in a string must be written twice", text, error.pos) from None
            raise self._error("a string does not end") from None

    def _number(self, number: "re.Match[str]") -> int | float:
        if len(number[0]) > MOST_DIGITS:
            raise self._error("a number is too long")
        value = float(number[0]) if number[1] or number[2] else int(number[0])
        if math.isinf(value):
            raise self._error("a number is too large")
        self.at = number.end()
        return value

    def _peek(self) -> str:
        """Skip space; return the next character, or nothing at the end."""
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at
        return self.text[self.at : self.at + 1]

    def _error(self, why: str) -> Unreadable:
        return Unreadable(why, self.text, self.at)


def _escaped(found: "re.Match[str]") -> str:
    """Write what stands between other quotes as it is written between double ones."""
    if found[0] == '"':
        return '\\"'
    return "'" if found[1] == "'" else found[0]
