"""Uses of a name, looked up in the index, and how sure it is that one means a definition."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from sqlite3 import Connection
from typing import NamedTuple

from codelab.index.knowledge.import_graph import ImportGraph
from codelab.index.parsing.facts import Use, unpack_uses, unpack_uses_of
from codelab.index.parsing.parsed import DefinitionRow
from codelab.index.types import Symbol
from codelab.index.words import words_of

CONFIDENCES = ("exact", "imported", "by name")
"""How sure it is that a use means a definition, the surest first."""

NOT_CODE = frozenset(("section", "key", "table"))
"""Kinds of definitions that no code refers to: headings, and keys of data files."""

_FUNCTIONS = frozenset(("function", "method", "declaration", "macro"))
_CONTAINERS = frozenset(
    ("class", "interface", "trait", "struct", "enum", "record", "union", "namespace", "module", "object")
)
_FAMILIES = {
    **dict.fromkeys(("javascript", "typescript", "tsx"), "ecmascript"),
    **dict.fromkeys(("c", "cpp"), "c"),
    **dict.fromkeys(("java", "kotlin", "scala", "groovy"), "jvm"),
}


def family(language: str) -> str:
    """Return what languages that can use each other's definitions have in common."""
    return _FAMILIES.get(language, language)


class Using(NamedTuple):
    """A file that uses a name, and how."""

    path: str
    uses: list[Use]


def uses_in(connection: Connection, worktree: int, path: str) -> list[Use]:
    """Return the uses of names in a file."""
    row = connection.execute(
        "SELECT b.uses FROM path p CROSS JOIN file f ON f.path = p.id AND f.worktree = ?"
        " CROSS JOIN blob b ON b.id = f.blob WHERE p.path = ?",
        (worktree, path),
    ).fetchone()
    return unpack_uses(row[0]) if row else []


def using_files(connection: Connection, worktree: int, name: str) -> list[Using]:
    """Return the files that use a name, in order.

    The words of the name narrow them down: whatever uses it holds them all.
    """
    words = words_of(name).split()
    if words:
        narrowed = (
            "SELECT DISTINCT c.blob AS id FROM chunk_words w CROSS JOIN chunk c ON c.id = w.rowid"
            " WHERE chunk_words MATCH ?"
        )
        arguments: tuple[object, ...] = (" AND ".join(f'"{word}"' for word in words), worktree)
    else:
        narrowed, arguments = "SELECT id FROM blob", (worktree,)
    rows = connection.execute(
        f"SELECT b.id, b.uses, p.path FROM ({narrowed}) n CROSS JOIN blob b ON b.id = n.id"  # noqa: S608 - a query of ours
        " CROSS JOIN file f INDEXED BY file_of_blob ON f.blob = b.id AND f.worktree = ?"
        " CROSS JOIN path p ON p.id = f.path ORDER BY b.id",
        arguments,
    )
    found, last, uses = [], None, []
    for blob, packed, path in rows:
        if blob != last:
            last, uses = blob, unpack_uses_of(packed, name)
        if uses:
            found.append(Using(path, uses))
    return sorted(found)


class Scope:
    """Tells which definitions of one name a file means.

    Args:
        name: The name.
        definitions: All its definitions in the workspace.
        graph: The imports.
    """

    def __init__(self, name: str, definitions: Sequence[Symbol], graph: ImportGraph) -> None:
        self._name, self._graph = name, graph
        self._by_file: dict[str, list[Symbol]] = {}
        self._handed: dict[str, list[str]] = {}
        self._reached: dict[str, tuple[set[str], set[str]]] = {}
        for one in definitions:
            self._by_file.setdefault(one.path, []).append(one)

    def meant(self, path: str, container: str = "") -> dict[Symbol, str]:
        """Return the definitions that a use of the name in a file may mean, each with its confidence.

        Args:
            path: The file.
            container: Qualified name of what the use stands in.
        """
        graph, name = self._graph, self._name
        named = graph.reached(path, name, self._by_file)
        if named and not any(one.qualified == one.name for one in self._by_file.get(path, ())):
            return {one: "exact" for file in sorted(named) for one in self._by_file[file]}
        found: dict[Symbol, str] = {}
        plain = False
        for one in self._by_file.get(path, ()):
            holder = one.qualified.rpartition(".")[0]
            own = not holder or f"{container}.".startswith(f"{holder}.")
            found[one] = "exact" if own else "imported"
            plain = plain or not holder
        if plain:
            return found
        for file in sorted(graph.imported(path)):
            for target in self._handed_on(file):
                for one in self._by_file[target]:
                    found.setdefault(one, "imported")
        kin = self._family(path)
        for file, symbols in self._by_file.items():
            for one in symbols if self._family(file) == kin else ():
                found.setdefault(one, "by name")
        return found

    def confidence(self, path: str, container: str, targets: Mapping[str, Sequence[Symbol]]) -> str:
        """Return the best confidence with which a use may mean one of some of the definitions.

        The same as looking them up in what ``meant`` returns, without going through all definitions.

        Args:
            path: The file of the use.
            container: Qualified name of what the use stands in.
            targets: The definitions by their files.

        Returns:
            One of ``CONFIDENCES``, or an empty string if it means none of them.
        """
        graph, name, own = self._graph, self._name, self._by_file.get(path, ())
        if path not in self._reached:
            handed = {target for file in graph.imported(path) for target in self._handed_on(file)}
            self._reached[path] = graph.reached(path, name, self._by_file), handed
        named, handed = self._reached[path]
        plain = any(one.qualified == one.name for one in own)
        if named and not plain:
            return "exact" if not named.isdisjoint(targets) else ""
        best = ""
        for one in targets.get(path, ()):
            holder = one.qualified.rpartition(".")[0]
            if not holder or f"{container}.".startswith(f"{holder}."):
                return "exact"
            best = "imported"
        if best or any("." not in one.qualified for one in own):
            return best
        if not handed.isdisjoint(targets):
            return "imported"
        kin = self._family(path)
        return "by name" if any(self._family(file) == kin for file in targets) else ""

    def _family(self, path: str) -> str:
        content = self._graph.files.get(path)
        return family(content.language) if content is not None else ""

    def _handed_on(self, file: str) -> list[str]:
        """Return the files that define the name and are reached through an imported file."""
        if file not in self._handed:
            reached = self._graph.reached(file, self._name, self._by_file)
            self._handed[file] = [file] if file in self._by_file else sorted(reached)
        return self._handed[file]


def containers(definitions: Iterable[DefinitionRow]) -> list[DefinitionRow]:
    """Return the definitions that code can stand in, in the order of the file."""
    kept = [row for row in definitions if row[2] in _FUNCTIONS or row[2] in _CONTAINERS]
    return sorted(kept, key=lambda row: (row[4], -row[5]))


def around(line: int, rows: Sequence[DefinitionRow]) -> DefinitionRow | None:
    """Return the innermost of the ``containers`` of a file around a line."""
    at = bisect_right(rows, line, key=lambda row: row[4]) - 1
    while at >= 0:
        if rows[at][5] >= line:
            return rows[at]
        at -= 1
    return None


def merged(found: list[Using], overlay: Mapping[str, Sequence[Use]], name: str) -> list[Using]:
    """Put the uses of unsaved texts in place of those of their files."""
    kept = [one for one in found if one.path not in overlay]
    for path, uses in overlay.items():
        if own := [use for use in uses if use.name == name]:
            kept.append(Using(path, own))
    return sorted(kept)
