"""A map of the repository: its most used definitions by file, best first, within a budget of tokens.

A file counts by how much other files that count use it (PageRank over uses of names); a definition by what of
that comes to it. Where the map has a focus, the walk starts there, and what the focus uses comes first.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from codelab.core.errors import InputError
from codelab.index.knowledge.map_edges import Edges
from codelab.index.knowledge.pagerank import pagerank
from codelab.index.parsing.parsed import DefinitionRow
from codelab.index.searching.demotion import demotion
from codelab.index.words import words_of

CHARACTERS_PER_TOKEN = 4
"""Of code and English, as tokenizers of language models split them on average."""

_FOCUS_SHARE = 0.8  # of the walker's starts, where there is a focus
_OWN_SHARE = 0.02  # of a file's rank that each of its definitions has without being used
_CONTAINERS = frozenset(("class", "interface", "trait", "struct", "enum", "record", "union", "module"))
_MOST_SIGNATURE = 120
_MOST_LEFT_OUT = 20  # definitions that do not fit any more, while a shorter one might


@dataclass(frozen=True, slots=True)
class MapLine:
    """A definition on the map."""

    line: int
    depth: int
    name: str
    kind: str
    signature: str


@dataclass(frozen=True, slots=True)
class MapFile:
    """A file on the map, with the definitions of it that are shown, in the order of the file."""

    path: str
    rank: float
    lines: tuple[MapLine, ...]


@dataclass(frozen=True, slots=True)
class RepoMap:
    """The map.

    Attributes:
        text: As an outline: each file, and indented below it lines and signatures.
        tokens: Of the text, counted as ``tokens_of`` counts them.
        files: The same as data, the most important file first.
        files_total: How many files the workspace has in the index.
    """

    text: str
    tokens: int
    files: tuple[MapFile, ...]
    files_total: int


class _Scored(NamedTuple):
    score: float
    file: int
    row: DefinitionRow


def tokens_of(text: str) -> int:
    """Return about how many tokens a text is for a model: one for each four characters."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def draw(edges: Edges, *, tokens: int, files: Collection[str] = (), words: str = "") -> RepoMap:
    """Draw the map.

    Args:
        edges: Uses between files.
        tokens: The most that the text may have.
        files: Files, or folders, that it is about.
        words: Words that it is about, as in a search.

    Raises:
        InputError: One of the files is not in the index.
    """
    if not edges.paths:
        return RepoMap("", 0, (), 0)
    focus = _focus(edges, files, frozenset(words_of(words).split()))
    ranks, scored = _score(edges, focus)
    chosen = _choose(edges, scored, tokens)
    shown = [
        MapFile(edges.paths[n], round(ranks[n], 6), tuple(_lines(rows)))
        for n, rows in sorted(chosen.items(), key=lambda item: (-_best(item[1]), edges.paths[item[0]]))
    ]
    text = "\n".join(_written(shown))
    return RepoMap(text, tokens_of(text), tuple(shown), len(edges.paths))


def _focus(edges: Edges, files: Collection[str], words: frozenset[str]) -> list[float]:
    """Return how much each file is what the map is about: 0 for not at all."""
    wanted = {path.strip("/").removeprefix("./") for path in files}
    folders = tuple(f"{path}/" for path in wanted if path)
    found = [float(path in wanted or path.startswith(folders)) for path in edges.paths]
    for one in wanted - {"", "."}:
        if not any(path == one or path.startswith(f"{one}/") for path in edges.paths):
            raise InputError(
                f"The index has no file or folder {one}", fix="Name it as the workspace's root has it"
            )
    if words:
        for n, path in enumerate(edges.paths):
            hits = len(words & set(words_of(path).split())) * 2.0
            for row in edges.definitions[n]:
                if not words.isdisjoint(words_of(row[0]).split()):
                    hits += 1.0
            found[n] += hits / (10.0 + len(edges.definitions[n])) * demotion(path, words)
    return found


def _score(edges: Edges, focus: Sequence[float]) -> tuple[list[float], list[_Scored]]:
    import numpy as np

    plain = np.array([demotion(path, frozenset()) ** 2 for path in edges.paths])
    start = plain / plain.sum()
    about = np.array(focus)
    if about.sum():
        start = (1 - _FOCUS_SHARE) * start + _FOCUS_SHARE * about / about.sum()
    sources, targets = np.array(edges.sources, np.intp), np.array(edges.targets, np.intp)
    ranks, flow = pagerank(sources, targets, np.array(edges.weights, np.float64), start)
    received: dict[tuple[int, str], float] = {}
    for target, name, part in zip(edges.targets, edges.names, flow.tolist(), strict=True):
        key = (target, name)
        received[key] = received.get(key, 0.0) + part
    scored = []
    listed = ranks.tolist()
    for n, rows in enumerate(edges.definitions):
        times = Counter(row[0] for row in rows)
        base = listed[n] * (1 / (1 + len(rows)) if focus[n] else _OWN_SHARE)
        factor = plain[n] if not focus[n] else 1.0
        for row in rows:
            # Which of several definitions of a name in a file is meant is not known.
            score = (base + received.get((n, row[0]), 0.0) / times[row[0]]) * factor
            scored.append(_Scored(float(score), n, row))
    scored.sort(key=lambda one: (-one.score, edges.paths[one.file], one.row[4], one.row[1]))
    return listed, scored


def _choose(edges: Edges, scored: Iterable[_Scored], tokens: int) -> dict[int, list[_Scored]]:
    """Take the best definitions with the classes that hold them, as long as there is room."""
    room = tokens * CHARACTERS_PER_TOKEN
    chosen: dict[int, list[_Scored]] = {}
    left_out = 0
    taken: set[tuple[int, int, str]] = set()
    for one in scored:
        needed = [one, *_holders(edges, one)]
        needed = [part for part in needed if (part.file, part.row[4], part.row[1]) not in taken]
        cost = sum(len(_line(part.row, depth=2)) + 1 for part in needed)
        cost += 0 if one.file in chosen else len(edges.paths[one.file]) + 1
        if cost > room:
            left_out += 1
            if left_out == _MOST_LEFT_OUT:
                break
            continue
        room -= cost
        chosen.setdefault(one.file, []).extend(needed)
        taken.update((part.file, part.row[4], part.row[1]) for part in needed)
    return chosen


def _holders(edges: Edges, one: _Scored) -> list[_Scored]:
    rows = edges.definitions[one.file]
    name, found = one.row[1].rpartition(".")[0], []
    while name:
        holder = next((r for r in rows if r[1] == name and r[2] in _CONTAINERS and r[4] <= one.row[4]), None)
        if holder is not None:
            found.append(_Scored(one.score, one.file, holder))
        name = name.rpartition(".")[0]
    return found


def _best(rows: Iterable[_Scored]) -> float:
    return max(one.score for one in rows)


def _lines(rows: Iterable[_Scored]) -> Iterable[MapLine]:
    open_names: list[str] = []
    for one in sorted(rows, key=lambda one: (one.row[4], -one.row[5], one.row[1])):
        name, qualified, kind, signature, start, _ = one.row
        while open_names and not qualified.startswith(f"{open_names[-1]}."):
            open_names.pop()
        yield MapLine(start, len(open_names), qualified, kind, (signature or name)[:_MOST_SIGNATURE])
        open_names.append(qualified)


def _line(row: DefinitionRow, depth: int) -> str:
    return f"{'  ' * (depth + 1)}{row[4]}: {(row[3] or row[0])[:_MOST_SIGNATURE]}"


def _written(files: Iterable[MapFile]) -> Iterable[str]:
    for file in files:
        yield file.path
        for one in file.lines:
            yield f"{'  ' * (one.depth + 1)}{one.line}: {one.signature}"
