"""Look up in the index what may answer a query: passages with their scores, before they are ranked."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection

from codelab.index.files.walk import Stamp
from codelab.index.searching.matching import match_expression
from codelab.index.searching.query import Query
from codelab.index.searching.remembered import PathWord, Remembered
from codelab.index.types import Reason

_MOST_PATHS = 1_000  # that a search goes through; words of more are left out
_OF_A_FILE = 3  # passages of a file that is found by its path


@dataclass(slots=True)
class Candidate:
    """A passage that may answer, and the evidence for it.

    Attributes:
        chunk: Its number in the index, or -1 for text that is given.
        path: Its file, relative to the workspace.
        language: Of the file, or an empty string.
        start_line: First line, from 1.
        end_line: Last line, included.
        symbol: Qualified name of the definition it belongs to, or an empty string.
        kind: That definition's kind.
        names: What else is defined in it, separated by spaces.
        stamp: The file's stamp when it was indexed; None for text that is given.
        blob: The number of the file's content in the index, or -1.
        text: The passage, where it is given; None if it is to be read from the file.
        words: BM25 over its words.
        defines: How well a name it defines is the one asked for, by the weight that counts it.
        meaning: The cosine of the angle between its vector and the query's, or 0.
        near: BM25 of the other good passages of its file.
        alike: The meaning of the other near passages of its file.
        own: What speaks for the passage itself.
        shared: What speaks for its file as a whole.
        factor: What both are multiplied by.
        repeat: What is left of what it shares because better passages of its file stand before it.
        score: All of it weighed together.
        reasons: How the score came about; only for what is shown.
    """

    chunk: int
    path: str
    language: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    stamp: Stamp | None = None
    blob: int = -1
    text: str | None = None
    names: str = ""
    words: float = 0.0
    defines: dict[str, float] = field(default_factory=dict)
    meaning: float = 0.0
    near: float = 0.0
    alike: float = 0.0
    own: float = 0.0
    shared: float = 0.0
    factor: float = 1.0
    repeat: float = 1.0
    score: float = 0.0
    reasons: tuple[Reason, ...] = ()


Found = dict[tuple[int, str], Candidate]
"""Passages by chunk and path: equal files share their chunks."""


def telling_path_words(words: Mapping[str, PathWord]) -> list[str]:
    """Return what paths are looked up by for the words of a query: these and other forms, the rarest first.

    What is in very many paths is left out as long as there is something rarer, and its other forms with it.
    """
    paths: dict[str, int] = {}
    for word, known in words.items():
        paths[word] = known.paths
        if known.paths <= _MOST_PATHS:
            paths |= known.others
    chosen: list[str] = []
    together = 0
    for word in sorted((one for one in paths if paths[one]), key=lambda one: (paths[one], one)):
        together += paths[word]
        if chosen and together > _MOST_PATHS:
            break
        chosen.append(word)
    return chosen


def files_like(
    connection: Connection, worktree: int, words: Sequence[str], limit: int
) -> list[tuple[str, range]]:
    """Find the files whose paths match best.

    Args:
        connection: The index.
        worktree: The number of the worktree in it.
        words: That paths are looked up by.
        limit: Most files.

    Returns:
        The path and the chunks of each, best first.
    """
    if not words:
        return []
    rows = connection.execute(
        "SELECT p.path, b.first_chunk, b.chunks FROM (SELECT rowid AS id, rank AS score FROM path_words"
        " WHERE path_words MATCH ? ORDER BY +rank, +rowid LIMIT ?) m CROSS JOIN path p ON p.id = m.id"
        " CROSS JOIN file f ON f.path = m.id AND f.worktree = ? CROSS JOIN blob b ON b.id = f.blob"
        " WHERE b.chunks ORDER BY m.score",
        (match_expression(words), limit, worktree),
    )
    return [(path, range(first, first + chunks)) for path, first, chunks in rows]


def best_of_files(files: Iterable[range], scores: Mapping[int, float]) -> dict[int, float]:
    """Return those passages of some files whose words match best, and the first of each in any case.

    Args:
        files: The chunks of each.
        scores: BM25 of those that match.
    """
    best: dict[int, float] = {}
    for chunks in files:
        best[chunks.start] = 0.0
        own = sorted((-scores[chunk], chunk) for chunk in chunks if chunk in scores)
        best.update((chunk, -score) for score, chunk in own[:_OF_A_FILE])
    return best


def load(connection: Connection, scores: Mapping[int, float], remembered: Remembered) -> Found:
    """Return passages by the numbers of their chunks, with the scores of their words."""
    rows = connection.execute(
        "SELECT c.id, c.blob, c.start_line, c.end_line, c.symbol, c.kind, c.names"
        " FROM json_each(?) j CROSS JOIN chunk c ON c.id = j.value",
        (json.dumps(list(scores)),),
    ).fetchall()
    files = remembered.files(connection, {row[1] for row in rows})
    return {
        (chunk, path): Candidate(
            chunk, path, language, start, end, symbol, kind, stamp, blob, None, names, scores[chunk]
        )
        for chunk, blob, start, end, symbol, kind, names in rows
        for path, language, _, stamp in files[blob]
    }


def search_terms(query: Query) -> tuple[str, ...]:
    """Return all words that are looked up for a query."""
    return (*query.terms, *query.pairs)
