"""Write the index: contents once, and for each worktree the map from its paths to them."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from sqlite3 import Connection
from typing import NamedTuple

from codelab.index.analyse import Analysed
from codelab.index.walk import Stamp
from codelab.index.words import path_words

_KEPT_SECONDS = 14 * 86400.0  # contents of other branches stay this long after their last use


class Known(NamedTuple):
    """What the index holds for one path of a worktree.

    Attributes:
        stamp: Of the file when it was read.
        blob: Its content, or None where it was left out.
        reason: Why it was left out.
    """

    stamp: Stamp
    blob: int | None
    reason: str


class Counts(NamedTuple):
    """What a content adds to the figures of the status."""

    language: str
    chunks: int
    symbols: int


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Make all changes within it one, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def worktree_id(connection: Connection, root: str) -> int:
    """Return the number of a worktree, given to it now if it is new."""
    connection.execute("INSERT OR IGNORE INTO worktree (root) VALUES (?)", (root,))
    row = connection.execute("SELECT id FROM worktree WHERE root = ?", (root,)).fetchone()
    return int(row[0])


def swept_at(connection: Connection, worktree: int) -> float:
    """Return the Unix time at which all of a worktree was last compared with its files; 0 if it never was."""
    row = connection.execute("SELECT swept_at FROM worktree WHERE id = ?", (worktree,)).fetchone()
    return float(row[0])


def load_known(connection: Connection, worktree: int) -> dict[str, Known]:
    """Return what the index holds for a worktree, by path."""
    rows = connection.execute(
        "SELECT p.path, f.size, f.mtime_ns, f.ctime_ns, f.inode, f.blob, f.reason"
        " FROM file f JOIN path p ON p.id = f.path WHERE f.worktree = ?",
        (worktree,),
    )
    return {
        path: Known(Stamp(size, mtime, ctime, inode), blob, reason)
        for path, size, mtime, ctime, inode, blob, reason in rows
    }


def load_counts(connection: Connection, worktree: int) -> dict[int, Counts]:
    """Return the figures of the contents that a worktree uses."""
    rows = connection.execute(
        "SELECT id, language, chunks, symbols FROM blob"
        " WHERE id IN (SELECT blob FROM file WHERE worktree = ?)",
        (worktree,),
    )
    return {blob: Counts(language, chunks, symbols) for blob, language, chunks, symbols in rows}


def find_blob(connection: Connection, key: bytes) -> tuple[int, Counts] | None:
    """Return a content that is already there."""
    row = connection.execute(
        "SELECT id, language, chunks, symbols FROM blob WHERE key = ?", (key,)
    ).fetchone()
    return (row[0], Counts(row[1], row[2], row[3])) if row else None


def write_blob(connection: Connection, key: bytes, rows: Analysed) -> tuple[int, Counts]:
    """Store a content, unless another writer has just done so."""
    if (found := find_blob(connection, key)) is not None:
        return found
    first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM chunk").fetchone()[0]
    counts = Counts(rows.language, len(rows.chunks), len(rows.definitions))
    blob: int = connection.execute(
        "INSERT INTO blob (key, language, lines, errors, first_chunk, chunks, symbols, imports, uses)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            *(key, rows.language, rows.lines, rows.errors, first, counts.chunks, counts.symbols),
            *(rows.imports, rows.uses),
        ),
    ).fetchone()[0]
    connection.executemany(
        "INSERT INTO chunk (id, blob, start_line, end_line, length, symbol, kind)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(first + n, blob, *row[:5]) for n, row in enumerate(rows.chunks)],
    )
    connection.executemany(
        "INSERT INTO chunk_words (rowid, name, body) VALUES (?, ?, ?)",
        [(first + n, row[5], row[6]) for n, row in enumerate(rows.chunks)],
    )
    connection.executemany(
        "INSERT INTO definition (blob, name, qualified, kind, signature, start_line, end_line)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(blob, *row) for row in rows.definitions],
    )
    if rows.dependencies:
        connection.executemany(
            "INSERT INTO dependency (blob, name, version, kind, line) VALUES (?, ?, ?, ?, ?)",
            [(blob, *row) for row in rows.dependencies],
        )
    connection.execute(
        "UPDATE total SET chunks = chunks + ?, words = words + ?",
        (counts.chunks, sum(row[2] for row in rows.chunks)),
    )
    return blob, counts


def map_files(
    connection: Connection, worktree: int, files: Iterable[tuple[str, Known, Counts | None]]
) -> None:
    """Set what stands at paths of a worktree."""
    for path, known, _ in files:
        row = connection.execute("SELECT id FROM path WHERE path = ?", (path,)).fetchone()
        if row is None:
            number = connection.execute("INSERT INTO path (path) VALUES (?)", (path,)).lastrowid
            connection.execute(
                "INSERT INTO path_words (rowid, words) VALUES (?, ?)", (number, path_words(path))
            )
        else:
            number = row[0]
        connection.execute(
            "INSERT OR REPLACE INTO file (worktree, path, blob, reason, size, mtime_ns, ctime_ns, inode)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (worktree, number, known.blob, known.reason, *known.stamp),
        )


def unmap_files(connection: Connection, worktree: int, paths: Iterable[str]) -> None:
    """Take paths out of a worktree; their contents stay for a while."""
    connection.executemany(
        "DELETE FROM file WHERE worktree = ? AND path = (SELECT id FROM path WHERE path = ?)",
        [(worktree, path) for path in paths],
    )


def drop_unused_blobs(connection: Connection, blobs: Iterable[int]) -> None:
    """Delete those of some contents that no worktree uses: what a save has just replaced."""
    for blob in blobs:
        used = connection.execute("SELECT 1 FROM file WHERE blob = ? LIMIT 1", (blob,)).fetchone()
        if used is None:
            _drop_blob(connection, blob)


def drop_old_blobs(connection: Connection) -> int:
    """Delete contents that no worktree has used for two weeks, and worktrees that are gone.

    Returns:
        How many contents were deleted.
    """
    now = time.time()
    unused = "id NOT IN (SELECT blob FROM file WHERE blob IS NOT NULL)"
    connection.execute(f"UPDATE blob SET unused_since = NULL WHERE NOT ({unused})")  # noqa: S608
    connection.execute(f"UPDATE blob SET unused_since = ? WHERE {unused} AND unused_since IS NULL", (now,))  # noqa: S608
    old = connection.execute("SELECT id FROM blob WHERE unused_since < ?", (now - _KEPT_SECONDS,)).fetchall()
    for (blob,) in old:
        _drop_blob(connection, blob)
    return len(old)


def drop_unused_paths(connection: Connection) -> None:
    """Delete paths that no worktree holds any more."""
    gone = connection.execute("SELECT id FROM path WHERE id NOT IN (SELECT path FROM file)").fetchall()
    connection.executemany("DELETE FROM path_words WHERE rowid = ?", gone)
    connection.executemany("DELETE FROM path WHERE id = ?", gone)


def _drop_blob(connection: Connection, blob: int) -> None:
    chunks, words = connection.execute(
        "SELECT count(*), coalesce(sum(length), 0) FROM chunk WHERE blob = ?", (blob,)
    ).fetchone()
    first = connection.execute("SELECT first_chunk FROM blob WHERE id = ?", (blob,)).fetchone()[0]
    connection.execute("DELETE FROM chunk_words WHERE rowid >= ? AND rowid < ?", (first, first + chunks))
    connection.execute("DELETE FROM chunk WHERE id >= ? AND id < ?", (first, first + chunks))
    connection.execute("DELETE FROM definition WHERE blob = ?", (blob,))
    connection.execute("DELETE FROM dependency WHERE blob = ?", (blob,))
    connection.execute("DELETE FROM blob WHERE id = ?", (blob,))
    connection.execute("UPDATE total SET chunks = chunks - ?, words = words - ?", (chunks, words))
