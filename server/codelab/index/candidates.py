"""Look up in the index what may answer a query: passages with their scores, before they are ranked."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection

from codelab.index import evidence
from codelab.index.bm25 import Statistics
from codelab.index.query import Query
from codelab.index.remembered import Remembered
from codelab.index.types import Reason
from codelab.index.walk import Stamp

NAME_WEIGHT = 3.0
BODY_WEIGHT = 1.0
COLUMN_WEIGHTS = (NAME_WEIGHT, BODY_WEIGHT)
_RANK = f"bm25({NAME_WEIGHT}, {BODY_WEIGHT})"
_MOST_PASSAGES = 12_000  # that a search goes through; words of more are left to the other evidence
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

_CHUNK_COLUMNS = (
    "c.id, p.path, b.language, c.start_line, c.end_line, c.symbol, c.kind, b.id,"
    " f.size, f.mtime_ns, f.ctime_ns, f.inode"
)
# Every join is a CROSS JOIN: SQLite then keeps their order, from the few rows found to what belongs to them.
_CHUNK_TABLES = """
 CROSS JOIN blob b ON b.id = c.blob
 CROSS JOIN file f INDEXED BY file_of_blob ON f.blob = b.id AND f.worktree = ?
 CROSS JOIN path p ON p.id = f.path
"""


def telling_terms(terms: Sequence[str], statistics: Statistics) -> list[str]:
    """Return those words of a query that passages are looked up by, the rarest first.

    What is in very many passages costs most of the time and tells least, so such words are left out as long
    as rarer ones are there.
    """
    frequency = statistics.frequency
    chosen: list[str] = []
    passages = 0
    for term in sorted(terms, key=lambda term: (frequency.get(term, 0), term)):
        passages += frequency.get(term, 0)
        if passages > _MOST_PASSAGES and any(one in frequency for one in chosen):
            break
        chosen.append(term)
    return chosen


def match_expression(terms: Iterable[str]) -> str:
    """Return the expression of FTS5 that finds passages with any of some words."""
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)


def words_of_paths_like(connection: Connection, terms: Iterable[str], remembered: Remembered) -> set[str]:
    """Return the words of paths that begin as some words of a query do."""
    return remembered.path_words(connection, {evidence.prefix(term) for term in terms} - {""})


def matching_chunks(
    connection: Connection, terms: Sequence[str], limit: int, remembered: Remembered
) -> tuple[Found, bool]:
    """Find the passages whose words match best.

    Returns:
        The passages, and whether there may be more.
    """
    if not terms:
        return {}, False
    # The plus signs keep the sorting from FTS5, which would carry along where each word stands.
    scores = dict(
        connection.execute(
            "SELECT rowid, -rank FROM chunk_words WHERE chunk_words MATCH ? AND rank MATCH ?"
            " ORDER BY +rank, +rowid LIMIT ?",
            (match_expression(terms), _RANK, limit),
        )
    )
    return _load(connection, scores, remembered), len(scores) == limit


def chunks_of_paths(
    connection: Connection,
    worktree: int,
    *,
    terms: Sequence[str],
    path_terms: Iterable[str],
    seen: Collection[str],
    limit: int,
    remembered: Remembered,
) -> Found:
    """Find passages in the files whose paths match best.

    Args:
        connection: The index.
        worktree: The number of the worktree in it.
        terms: Words that passages are looked up by.
        path_terms: Words that paths are looked up by.
        seen: Paths that are left out.
        limit: Most files.
        remembered: What is known of the index.

    Returns:
        Those passages of each file whose words match, and where there are none its first.
    """
    rows = connection.execute(
        "SELECT p.path, b.first_chunk, b.chunks FROM (SELECT rowid AS id, rank AS score FROM path_words"
        " WHERE path_words MATCH ? ORDER BY +rank, +rowid LIMIT ?) m CROSS JOIN path p ON p.id = m.id"
        " CROSS JOIN file f ON f.path = m.id AND f.worktree = ? CROSS JOIN blob b ON b.id = f.blob"
        " WHERE b.chunks ORDER BY m.score",
        (match_expression(path_terms), 2 * limit, worktree),
    )
    missing = [range(first, first + number) for path, first, number in rows if path not in seen][:limit]
    matching = _scores_within(connection, terms, missing)
    scores: dict[int, float] = {}
    for chunks in missing:
        scores[chunks.start] = 0.0
        own = [(-matching[chunk], chunk) for chunk in chunks if chunk in matching]
        scores.update((chunk, -score) for score, chunk in sorted(own)[:_OF_A_FILE])
    return _load(connection, scores, remembered)


def _scores_within(connection: Connection, terms: Sequence[str], within: Sequence[range]) -> dict[int, float]:
    """Return the scores of those of some chunks that match, in one query: each counts all matches anew."""
    if not terms or not within:
        return {}
    chunks = json.dumps([chunk for chunks in within for chunk in chunks])
    return dict(
        connection.execute(
            "SELECT rowid, -rank FROM chunk_words WHERE chunk_words MATCH ? AND rank MATCH ?"
            " AND +rowid IN (SELECT value FROM json_each(?))",
            (match_expression(terms), _RANK, chunks),
        )
    )


def defining_chunks(
    connection: Connection, worktree: int, names: Collection[str], limit: int
) -> list[tuple[tuple[int, str], Candidate, str, str]]:
    """Find the passages that define some names, whatever the case of their letters.

    Returns:
        For each: its chunk and path, the passage, and the name and the qualified name it defines.
    """
    rows = connection.execute(
        f"SELECT d.name, d.qualified, {_CHUNK_COLUMNS} FROM json_each(?) j"  # noqa: S608
        " CROSS JOIN definition d ON d.name = j.value COLLATE NOCASE CROSS JOIN blob k ON k.id = d.blob"
        " CROSS JOIN chunk c ON c.id >= k.first_chunk AND c.id < k.first_chunk + k.chunks"
        " AND c.start_line <= d.start_line AND c.end_line >= d.start_line"
        f"{_CHUNK_TABLES} LIMIT ?",
        (json.dumps(list(names)), worktree, limit),
    )
    return [((row[2], row[3]), _candidate(row[2:]), row[0], row[1]) for row in rows]


def chunks_by_number(connection: Connection, chunks: Collection[int], remembered: Remembered) -> Found:
    """Return passages by the numbers of their chunks."""
    return _load(connection, dict.fromkeys(chunks, 0.0), remembered)


def _load(connection: Connection, scores: dict[int, float], remembered: Remembered) -> Found:
    rows = connection.execute(
        "SELECT c.id, c.blob, c.start_line, c.end_line, c.symbol, c.kind"
        " FROM json_each(?) j CROSS JOIN chunk c ON c.id = j.value",
        (json.dumps(list(scores)),),
    ).fetchall()
    files = remembered.files(connection, {row[1] for row in rows})
    return {
        (chunk, path): Candidate(
            chunk, path, language, start, end, symbol, kind, stamp, blob, None, scores[chunk]
        )
        for chunk, blob, start, end, symbol, kind in rows
        for path, language, _, stamp in files[blob]
    }


def _candidate(row: Sequence[object]) -> Candidate:
    chunk, path, language, start, end, symbol, kind, blob, *stamp = row
    return Candidate(chunk, path, language, start, end, symbol, kind, Stamp(*stamp), blob)  # type: ignore[arg-type]


def search_terms(query: Query) -> tuple[str, ...]:
    """Return all words that are looked up for a query."""
    return (*query.terms, *query.pairs)
