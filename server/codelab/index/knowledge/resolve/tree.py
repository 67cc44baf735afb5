"""The files of a worktree, as import statements look for them."""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

_JSON_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')


class Link(NamedTuple):
    """A file that an import statement leads to, and the names taken from it (none: the file as a whole)."""

    path: str
    names: tuple[str, ...] = ()


class Resolved(NamedTuple):
    """What an import statement leads to.

    Attributes:
        links: Files of the workspace; none for packages from elsewhere.
        missing: What it says is in the workspace and is not there, as written, or an empty string.
    """

    links: tuple[Link, ...] = ()
    missing: str = ""


ELSEWHERE = Resolved()


class Tree:
    """The paths of a worktree, with what resolving needs to know of them.

    Args:
        paths: All indexed files, relative to the workspace.
        read: Returns the text of a file, or an empty string; for manifests.
        namespaces: Returns the files that declare each namespace; asked for where a language has them.
    """

    def __init__(
        self,
        paths: Iterable[str],
        read: Callable[[str], str],
        namespaces: Callable[[], Mapping[str, Sequence[str]]] = dict,
    ) -> None:
        self.paths = frozenset(paths)
        self._read = read
        self._namespaces = namespaces
        self._texts: dict[str, str] = {}
        self._parsed: dict[str, dict[str, Any]] = {}
        self.memo: dict[object, Any] = {}  # what resolvers worked out, by whatever they ask

    @cached_property
    def files_in(self) -> dict[str, list[str]]:
        """The files that lie directly in each folder, by folder, in order."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.paths):
            found.setdefault(parent(path), []).append(path)
        return found

    @cached_property
    def folders(self) -> frozenset[str]:
        """All folders with files somewhere below them; the workspace itself is an empty string."""
        found = {""}
        for folder in self.files_in:
            current = folder
            while current and current not in found:
                found.add(current)
                current = parent(current)
        return frozenset(found)

    @cached_property
    def folders_by_name(self) -> dict[str, list[str]]:
        """All folders by the last part of their path, in order."""
        found: dict[str, list[str]] = {}
        for folder in sorted(self.folders):
            found.setdefault(folder.rpartition("/")[2], []).append(folder)
        return found

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """All files by the last part of their path, in order."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.paths):
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    @cached_property
    def namespaces(self) -> Mapping[str, Sequence[str]]:
        """The files that declare each namespace."""
        return self._namespaces()

    def text(self, path: str) -> str:
        """Return the text of a file of the tree; empty where it cannot be read."""
        if path not in self._texts:
            self._texts[path] = self._read(path) if path in self.paths else ""
        return self._texts[path]

    def was_read(self, path: str) -> bool:
        """Tell whether the text of a file had a part in what was resolved."""
        return path in self._texts

    def json(self, path: str) -> dict[str, Any]:
        """Return a file of JSON, comments allowed; empty where it is none."""
        return self._load(path, lambda text: json.loads(_without_comments(text)))

    def toml(self, path: str) -> dict[str, Any]:
        """Return a file of TOML; empty where it is none."""
        return self._load(path, tomllib.loads)

    def _load(self, path: str, parse: Callable[[str], Any]) -> dict[str, Any]:
        if path not in self._parsed:
            try:
                data = parse(self.text(path) or "{}") if self.text(path) else {}
            except (ValueError, RecursionError):
                data = {}
            self._parsed[path] = data if isinstance(data, dict) else {}
        return self._parsed[path]

    def nearest(self, folder: str, name: str) -> str | None:
        """Return the file of that name in a folder or in the nearest one above it."""
        while True:
            path = f"{folder}/{name}" if folder else name
            if path in self.paths:
                return path
            if not folder:
                return None
            folder = parent(folder)

    def ending(self, suffix: str, near: str) -> str | None:
        """Return the file whose path ends in some parts; of several the one nearest to another path."""
        listed = self.by_name.get(suffix.rpartition("/")[2], ())
        return closest([p for p in listed if p == suffix or p.endswith(f"/{suffix}")], near)

    def folders_ending(self, suffix: str, near: str) -> str | None:
        """Return the folder whose path ends in some parts; of several the one nearest to a path."""
        listed = self.folders_by_name.get(suffix.rpartition("/")[2], ())
        return closest([p for p in listed if p == suffix or p.endswith(f"/{suffix}")], near)


def closest(paths: Sequence[str], near: str) -> str | None:
    """Return the path that shares most folders with another; of equals the shortest, then the first."""
    if not paths:
        return None
    return min(paths, key=lambda path: (-_shared(path, near), path.count("/"), path))


def _shared(left: str, right: str) -> int:
    count = 0
    for one, other in zip(left.split("/"), right.split("/"), strict=False):
        if one != other:
            break
        count += 1
    return count


def parent(path: str) -> str:
    """Return the folder that holds a path; empty for the workspace itself."""
    return path.rpartition("/")[0]


def join(folder: str, relative: str) -> str | None:
    """Return a path written relative to a folder; None if it leads out of the workspace."""
    parts = folder.split("/") if folder else []
    for part in relative.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part and part != ".":
            parts.append(part)
    return "/".join(parts)


def _without_comments(text: str) -> str:
    plain = _JSON_COMMENT.sub(lambda match: match[1] or "", text)
    return _TRAILING_COMMA.sub(lambda match: match[1] or "", plain)
