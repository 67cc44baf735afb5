"""What a manifest says of one package."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast


class Dependency(NamedTuple):
    """A package that a manifest asks for.

    Attributes:
        name: As its ecosystem writes it (``org.junit:junit``, ``@types/node``, ``serde``).
        constraint: The versions asked for, or where it comes from instead, as written; may be empty.
        kind: ``runtime``, ``development``, ``test``, ``build``, ``optional``, ``peer``, ``indirect`` or
            ``managed`` (only its version is set here).
        line: Where, from 1.
    """

    name: str
    constraint: str
    kind: str
    line: int


class Places:
    """Finds the lines of names in a text whose parser does not tell them, from the top down.

    Args:
        text: The manifest.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._at = 0

    def section(self, *titles: str) -> None:
        """Go to the first line that holds one of these texts, or to the top."""
        found = (at for at, line in enumerate(self._lines) if any(title in line for title in titles))
        self._at = next(found, 0)

    def line(self, name: str) -> int:
        """Return the line, from 1, on which a name stands next; it is looked for from the top if need be."""
        whole = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
        for start, stop in ((self._at, len(self._lines)), (0, self._at)):
            for at in range(start, stop):
                if name in self._lines[at] and whole.search(self._lines[at]):
                    self._at = at
                    return at + 1
        return self._at + 1


def table(value: object, *path: str) -> Mapping[str, object]:
    """Return the table at a path of nested tables; an empty one where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def strings(value: object) -> Iterator[str]:
    """Yield the texts of a list, or nothing where it is none."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))


def version_of(value: object) -> str:
    """Return the constraint of an entry: a text, or a table with a version or a place to get it from."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return next((version_of(one) for one in value), "")
    if isinstance(value, dict):
        for key in ("version", "git", "path", "url", "file", "sdk"):
            if isinstance(found := value.get(key), str):
                return found if key == "version" else f"{key}: {found}"
        if value.get("workspace") is True:
            return "workspace"
    return ""
