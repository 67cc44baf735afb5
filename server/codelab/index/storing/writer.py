"""Write the index: contents once, and for each worktree the map from its paths to them."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from sqlite3 import Connection
from typing import NamedTuple

from codelab.index.files.walk import Stamp
from codelab.index.parsing.analyse import Analysed
from codelab.index.storing.vectors import drop_vectors
from codelab.index.words import path_words

_AT_ONCE = 500  # parameters of one statement; SQLite takes 999 at the least
_MERGED_PAGES = 500  # some 2 MB, written in one transaction
_MERGE_WORKED = (
    2  # changed rows; with fewer there was nothing to do, https://sqlite.org/fts5.html#the_merge_command
)
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


def find_blobs(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, tuple[int, Counts]]:
    """Return those of some contents that are already there, with their figures, by key."""
    found: dict[bytes, tuple[int, Counts]] = {}
    for at in range(0, len(keys), _AT_ONCE):
        some = keys[at : at + _AT_ONCE]
        rows = connection.execute(
            f"SELECT key, id, language, chunks, symbols FROM blob WHERE key IN ({_marks(some)})",  # noqa: S608 - as many marks as values
            some,
        )
        found.update({key: (blob, Counts(*figures)) for key, blob, *figures in rows})
    return found


def write_blobs(
    connection: Connection, contents: Sequence[tuple[bytes, Analysed]]
) -> list[tuple[int, Counts]]:
    """Store contents, except those that another writer has just stored.

    The rows of all of them go to a table at once: one by one would take most of the time.

    Args:
        connection: In a transaction.
        contents: Their keys, each once, and what is stored.

    Returns:
        For each its number and its figures.
    """
    stored = find_blobs(connection, [key for key, _ in contents])
    blob = _next_id(connection, "blob")
    first = chunk = _next_id(connection, "chunk")
    blobs: list[tuple[object, ...]] = []
    chunks: list[tuple[object, ...]] = []
    words: list[tuple[int, str, str]] = []
    definitions: list[tuple[object, ...]] = []
    dependencies: list[tuple[object, ...]] = []
    total = 0
    for key, rows in contents:
        if key in stored:
            continue
        counts = Counts(rows.language, len(rows.chunks), len(rows.definitions))
        stored[key] = blob, counts
        blobs.append(
            (
                *(blob, key, *rows[:3], chunk, counts.chunks, counts.symbols),
                *(rows.imports, rows.uses, rows.top_names),
            )
        )
        for row in rows.chunks:
            chunks.append((chunk, blob, *row[:6]))
            words.append((chunk, row[6], row[7]))
            total += row[2]
            chunk += 1
        definitions += [(blob, *row) for row in rows.definitions]
        dependencies += [(blob, *row) for row in rows.dependencies]
        blob += 1
    connection.executemany(
        "INSERT INTO blob (id, key, language, lines, errors, first_chunk, chunks, symbols, imports, uses,"
        " top_names) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        blobs,
    )
    connection.executemany(
        "INSERT INTO chunk (id, blob, start_line, end_line, length, symbol, kind, names)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        chunks,
    )
    connection.executemany("INSERT INTO chunk_words (rowid, name, body) VALUES (?, ?, ?)", words)
    connection.executemany(
        "INSERT INTO definition (blob, name, qualified, kind, signature, start_line, end_line)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        definitions,
    )
    connection.executemany(
        "INSERT INTO dependency (blob, name, version, kind, line) VALUES (?, ?, ?, ?, ?)", dependencies
    )
    connection.execute("UPDATE total SET chunks = chunks + ?, words = words + ?", (chunk - first, total))
    return [stored[key] for key, _ in contents]


def map_files(
    connection: Connection, worktree: int, files: Sequence[tuple[str, Known, Counts | None]]
) -> None:
    """Set what stands at paths of a worktree."""
    numbers: dict[str, int] = {}
    for at in range(0, len(files), _AT_ONCE):
        some = [path for path, _, _ in files[at : at + _AT_ONCE]]
        numbers.update(
            connection.execute(f"SELECT path, id FROM path WHERE path IN ({_marks(some)})", some)  # noqa: S608 - as many marks as values
        )
    number = _next_id(connection, "path")
    new: list[tuple[int, str]] = []
    for path, _, _ in files:
        if path not in numbers:
            numbers[path] = number
            new.append((number, path))
            number += 1
    connection.executemany("INSERT INTO path (id, path) VALUES (?, ?)", new)
    connection.executemany(
        "INSERT INTO path_words (rowid, words) VALUES (?, ?)",
        [(number, path_words(path)) for number, path in new],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO file (worktree, path, blob, reason, size, mtime_ns, ctime_ns, inode)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(worktree, numbers[path], known.blob, known.reason, *known.stamp) for path, known, _ in files],
    )


def _next_id(connection: Connection, table: str) -> int:
    row = connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()  # noqa: S608 - names and conditions of ours
    return int(row[0])


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


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
    """Delete contents that no worktree has used for two weeks.

    Returns:
        How many contents were deleted.
    """
    now = time.time()
    unused = "id NOT IN (SELECT blob FROM file WHERE blob IS NOT NULL)"
    connection.execute(f"UPDATE blob SET unused_since = NULL WHERE NOT ({unused})")  # noqa: S608 - names and conditions of ours
    connection.execute(f"UPDATE blob SET unused_since = ? WHERE {unused} AND unused_since IS NULL", (now,))  # noqa: S608 - names and conditions of ours
    old = connection.execute("SELECT id FROM blob WHERE unused_since < ?", (now - _KEPT_SECONDS,)).fetchall()
    for (blob,) in old:
        _drop_blob(connection, blob)
    return len(old)


def drop_gone_worktrees(connection: Connection) -> None:
    """Delete worktrees whose folders are long gone; their contents follow as all unused ones do."""
    long_ago = time.time() - _KEPT_SECONDS
    seen = connection.execute("SELECT id, root FROM worktree WHERE swept_at < ?", (long_ago,)).fetchall()
    gone = [(number,) for number, root in seen if not os.path.exists(root)]
    for table in ("file", "wanted_by", "served_by"):
        connection.executemany(f"DELETE FROM {table} WHERE worktree = ?", gone)  # noqa: S608 - names and conditions of ours
    connection.executemany("DELETE FROM worktree WHERE id = ?", gone)


def drop_unused_paths(connection: Connection) -> None:
    """Delete paths that no worktree holds any more."""
    gone = connection.execute("SELECT id FROM path WHERE id NOT IN (SELECT path FROM file)").fetchall()
    connection.executemany("DELETE FROM path_words WHERE rowid = ?", gone)
    connection.executemany("DELETE FROM path WHERE id = ?", gone)


def merge_words(connection: Connection) -> bool:
    """Merge a part of the lists of words that many commits have left; a search looks into each of them.

    Returns:
        Whether there may be more to merge.
    """
    before = connection.total_changes
    connection.execute("INSERT INTO chunk_words (chunk_words, rank) VALUES ('merge', ?)", (_MERGED_PAGES,))
    return connection.total_changes - before >= _MERGE_WORKED


def _drop_blob(connection: Connection, blob: int) -> None:
    chunks, words = connection.execute(
        "SELECT count(*), coalesce(sum(length), 0) FROM chunk WHERE blob = ?", (blob,)
    ).fetchone()
    first = connection.execute("SELECT first_chunk FROM blob WHERE id = ?", (blob,)).fetchone()[0]
    connection.execute("DELETE FROM chunk_words WHERE rowid >= ? AND rowid < ?", (first, first + chunks))
    drop_vectors(connection, blob, first, chunks)
    connection.execute("DELETE FROM chunk WHERE id >= ? AND id < ?", (first, first + chunks))
    connection.execute("DELETE FROM definition WHERE blob = ?", (blob,))
    connection.execute("DELETE FROM dependency WHERE blob = ?", (blob,))
    connection.execute("DELETE FROM blob WHERE id = ?", (blob,))
    connection.execute("UPDATE total SET chunks = chunks - ?, words = words - ?", (chunks, words))
