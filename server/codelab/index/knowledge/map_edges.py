"""Which file uses what of which other file: the edges that the map of the repository is ranked by."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from sqlite3 import Connection
from typing import NamedTuple

from codelab.index.knowledge.import_graph import ImportGraph
from codelab.index.knowledge.usages import NOT_CODE, family
from codelab.index.parsing.facts import Use, unpack_uses
from codelab.index.parsing.parsed import DefinitionRow
from codelab.index.searching.overlay import OverlayText

_KIND_WEIGHTS = {"call": 1.0, "type": 1.0, "base": 3.0, "import": 0.5}
_COMMON = 8  # a name that more files define, and none that is imported, says nothing
_IN_REACH = 0.5  # the weight of a use of what an imported file defines, without being imported by name
_GUESSED = 0.2  # the weight of a use that only the spelling of its name ties to a definition

# Details of other definitions, not worth a line of their own.
_DETAILS = frozenset(("field", "member", "variable", "key", "section", "table", "declaration", "typedef"))


class Edges(NamedTuple):
    """Uses between files.

    Attributes:
        paths: The files, in order; the lists below count in them.
        definitions: What each defines that is worth showing, in the order of the file.
        sources: Of each edge: the file that uses.
        targets: The file that defines.
        names: The name.
        weights: How much it counts.
    """

    paths: list[str]
    definitions: list[list[DefinitionRow]]
    sources: list[int]
    targets: list[int]
    names: list[str]
    weights: list[float]


def collect(
    connection: Connection, worktree: int, texts: Mapping[str, OverlayText], graph: ImportGraph
) -> Edges:
    """Gather the edges of a worktree from one state of the index, unsaved texts over it."""
    paths = sorted(graph.files)
    number = {path: n for n, path in enumerate(paths)}
    definitions = _definitions(connection, worktree, texts, paths, number)
    definers: dict[tuple[str, str], list[int]] = {}
    for n, rows in enumerate(definitions):
        kin = family(graph.files[paths[n]].language)
        for name in {row[0] for row in rows}:
            definers.setdefault((kin, name), []).append(n)
    found = _uses(connection, worktree, texts, {name for _, name in definers})
    spread = Counter(name for uses in found.values() for name in {use.name for use in uses})
    edges = Edges(paths, definitions, [], [], [], [])
    adder = _Adder(edges, graph, definers, number, spread)
    for path, uses in found.items():
        if path in number:
            adder.add(path, uses)
    return edges


def _definitions(
    connection: Connection,
    worktree: int,
    texts: Mapping[str, OverlayText],
    paths: Sequence[str],
    number: Mapping[str, int],
) -> list[list[DefinitionRow]]:
    found: list[list[DefinitionRow]] = [[] for _ in paths]
    for path, name, qualified, kind, signature, start, end in connection.execute(
        "SELECT p.path, d.name, d.qualified, d.kind, d.signature, d.start_line, d.end_line FROM definition d"
        " CROSS JOIN file f INDEXED BY file_of_blob ON f.blob = d.blob AND f.worktree = ?"
        " CROSS JOIN path p ON p.id = f.path ORDER BY d.id",
        (worktree,),
    ):
        if kind not in _DETAILS and path not in texts and path in number:
            found[number[path]].append((name, qualified, kind, signature, start, end))
    for path, text in texts.items():
        if path in number:
            found[number[path]] = [row for row in text.definitions if row[2] not in _DETAILS | NOT_CODE]
    return found


def _uses(
    connection: Connection, worktree: int, texts: Mapping[str, OverlayText], names: Collection[str]
) -> dict[str, Sequence[Use]]:
    packed: dict[int, list[Use]] = {}
    found: dict[str, Sequence[Use]] = {}
    for path, blob, uses in connection.execute(
        "SELECT p.path, b.id, b.uses FROM file f CROSS JOIN path p ON p.id = f.path"
        " CROSS JOIN blob b ON b.id = f.blob WHERE f.worktree = ? ORDER BY p.path",
        (worktree,),
    ):
        if blob not in packed:
            packed[blob] = unpack_uses(uses, names)
        found[path] = packed[blob]
    return found | {path: text.uses for path, text in texts.items()}


class _Adder:
    """Turns the uses in a file into edges."""

    def __init__(
        self,
        edges: Edges,
        graph: ImportGraph,
        definers: Mapping[tuple[str, str], Sequence[int]],
        number: Mapping[str, int],
        spread: Mapping[str, int],
    ) -> None:
        self._edges, self._graph, self._definers = edges, graph, definers
        self._number, self._spread = number, spread
        self._definer_paths: dict[tuple[str, str], set[str]] = {}

    def add(self, path: str, uses: Sequence[Use]) -> None:
        """Add the edges that lead from a file."""
        edges, graph, number = self._edges, self._graph, self._number
        source, kin = number[path], family(graph.files[path].language)
        taken = {name for one in graph.imports(path) for link in one.resolved.links for name in link.names}
        imported = {number[other] for other in graph.imported(path) if other in number}
        reached: dict[str, list[int]] = {}
        for use in uses:
            where = self._definers.get((kin, use.name))
            if where is None:
                continue
            weight = _KIND_WEIGHTS.get(use.kind, 1.0) * math.sqrt(len(use.lines))
            if use.name in taken:
                if use.name not in reached:
                    files = graph.reached(path, use.name, self._paths_defining(kin, use.name))
                    reached[use.name] = sorted(number[file] for file in files)
                targets: Sequence[int] = reached[use.name]
            elif source in where:
                continue
            else:
                # What everybody calls (``get``, ``append``) is seldom the one that happens to be in reach.
                weight *= _IN_REACH / math.sqrt(self._spread[use.name])
                targets = [n for n in where if n in imported]
            if not targets:
                if len(where) > _COMMON:
                    continue
                targets, weight = where, weight * _GUESSED
            for target in targets:
                if target != source:
                    edges.sources.append(source)
                    edges.targets.append(target)
                    edges.names.append(use.name)
                    edges.weights.append(weight / len(targets))

    def _paths_defining(self, kin: str, name: str) -> set[str]:
        key = (kin, name)
        if key not in self._definer_paths:
            self._definer_paths[key] = {self._edges.paths[n] for n in self._definers[key]}
        return self._definer_paths[key]
