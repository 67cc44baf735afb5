"""Look up in the index what may answer a query: passages with their scores, before they are ranked."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection

from codelab.index.bm25 import Statistics
from codelab.index.query import Query
from codelab.index.walk import Stamp

NAME_WEIGHT = 3.0
BODY_WEIGHT = 1.0
COLUMN_WEIGHTS = (NAME_WEIGHT, BODY_WEIGHT)


@dataclass(slots=True)
class Candidate:
    """A passage that may answer, and the evidence for it.

    Attributes:
        path: Its file, relative to the workspace.
        language: Of the file, or an empty string.
        start_line: First line, from 1.
        end_line: Last line, included.
        symbol: Qualified name of the definition it belongs to, or an empty string.
        kind: That definition's kind.
        stamp: The file's stamp when it was indexed; None for text that is given.
        text: The passage, where it is given; None if it is to be read from the file.
        words: BM25 over its words.
        place: BM25 over the words of its path.
        defines: How well a name it defines is the one asked for, 0 to 1.
        score: All of it weighed together.
    """

    path: str
    language: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    stamp: Stamp | None = None
    text: str | None = None
    words: float = 0.0
    place: float = 0.0
    defines: float = 0.0
    score: float = field(default=0.0)


_CHUNK_COLUMNS = (
    "c.id, p.path, b.language, c.start_line, c.end_line, c.symbol, c.kind,"
    " f.size, f.mtime_ns, f.ctime_ns, f.inode"
)
# Every join is a CROSS JOIN: SQLite then keeps their order, from the few rows found to what belongs to them.
_CHUNK_TABLES = """
 CROSS JOIN blob b ON b.id = c.blob
 CROSS JOIN file f INDEXED BY file_of_blob ON f.blob = b.id AND f.worktree = ?
 CROSS JOIN path p ON p.id = f.path
"""


def match_expression(terms: Iterable[str]) -> str:
    """Return the expression of FTS5 that finds passages with any of some words."""
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)


def statistics(connection: Connection, terms: Sequence[str]) -> Statistics:
    """Return what BM25 needs to know of the passages in the index."""
    rows, words = connection.execute("SELECT chunks, words FROM total").fetchone()
    return Statistics(rows, words, _frequencies(connection, "chunk_vocabulary", terms))


def path_statistics(connection: Connection, terms: Sequence[str]) -> Statistics:
    """Return what BM25 needs to know of the paths in the index."""
    rows = connection.execute("SELECT count(*) FROM path").fetchone()[0]
    words = connection.execute("SELECT coalesce(sum(cnt), 0) FROM path_vocabulary").fetchone()[0]
    return Statistics(rows, words, _frequencies(connection, "path_vocabulary", terms))


def _frequencies(connection: Connection, vocabulary: str, terms: Sequence[str]) -> dict[str, int]:
    rows = connection.execute(
        f"SELECT v.term, v.doc FROM json_each(?) j CROSS JOIN {vocabulary} v ON v.term = j.value",  # noqa: S608
        (json.dumps(terms),),
    )
    return dict(rows)


def matching_chunks(
    connection: Connection, worktree: int, terms: Sequence[str], limit: int
) -> tuple[dict[tuple[int, str], Candidate], bool]:
    """Find the passages whose words match best.

    Returns:
        The passages by chunk and path (equal files share their chunks), and whether there may be more.
    """
    scores = dict(
        connection.execute(
            "SELECT rowid, -rank FROM chunk_words WHERE chunk_words MATCH ? AND rank MATCH ?"
            " ORDER BY rank LIMIT ?",
            (match_expression(terms), f"bm25({NAME_WEIGHT}, {BODY_WEIGHT})", limit),
        )
    )
    found = _load(connection, worktree, scores)
    for (chunk, _), candidate in found.items():
        candidate.words = scores[chunk]
    return found, len(scores) == limit


def matching_paths(
    connection: Connection, worktree: int, terms: Sequence[str], limit: int
) -> dict[str, float]:
    """Find the files whose paths match best, with their scores."""
    rows = connection.execute(
        "SELECT p.path, m.score FROM (SELECT rowid AS id, -rank AS score FROM path_words"
        " WHERE path_words MATCH ? ORDER BY rank LIMIT ?) m"
        " CROSS JOIN file f ON f.path = m.id AND f.worktree = ? CROSS JOIN path p ON p.id = m.id"
        " WHERE f.blob IS NOT NULL",
        (match_expression(terms), limit, worktree),
    )
    return dict(rows)


def chunks_of_files(
    connection: Connection, worktree: int, terms: Sequence[str], paths: Collection[str]
) -> dict[tuple[int, str], Candidate]:
    """Find passages in certain files: those whose words match, and where there are none the first."""
    if not paths:
        return {}
    listed = json.dumps(list(paths))
    blobs = (
        "SELECT b.first_chunk AS first, b.chunks AS number"
        " FROM json_each(?) j CROSS JOIN path p ON p.path = j.value"
        " CROSS JOIN file f ON f.path = p.id AND f.worktree = ? CROSS JOIN blob b ON b.id = f.blob"
    )
    scores = dict(
        connection.execute(
            f"SELECT w.rowid, -w.rank FROM chunk_words w WHERE +w.rowid IN (SELECT c.id FROM ({blobs}) s"  # noqa: S608
            " CROSS JOIN chunk c ON c.id >= s.first AND c.id < s.first + s.number)"
            " AND chunk_words MATCH ? AND rank MATCH ?",
            (listed, worktree, match_expression(terms), f"bm25({NAME_WEIGHT}, {BODY_WEIGHT})"),
        )
    )
    for first, number in connection.execute(blobs, (listed, worktree)):
        if number:
            scores.setdefault(first, 0.0)
    found = _load(connection, worktree, scores)
    for (chunk, _), candidate in found.items():
        candidate.words = scores[chunk]
    return found


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


def _load(connection: Connection, worktree: int, chunks: Collection[int]) -> dict[tuple[int, str], Candidate]:
    rows = connection.execute(
        f"SELECT {_CHUNK_COLUMNS} FROM json_each(?) j CROSS JOIN chunk c ON c.id = j.value{_CHUNK_TABLES}",  # noqa: S608
        (json.dumps(list(chunks)), worktree),
    )
    return {(row[0], row[1]): _candidate(row) for row in rows}


def _candidate(row: Sequence[object]) -> Candidate:
    _, path, language, start, end, symbol, kind, *stamp = row
    return Candidate(path, language, start, end, symbol, kind, Stamp(*stamp))  # type: ignore[arg-type]


def search_terms(query: Query) -> tuple[str, ...]:
    """Return all words that are looked up for a query."""
    return (*query.terms, *query.pairs)
