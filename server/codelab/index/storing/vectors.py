"""The vectors in the index: written with the content they belong to, and gone with it.

A vector is stored twice: in whole numbers of 8 bits for each chunk, for exact comparison, and in bits for
all chunks of a content together, so that a reader can take them into memory quickly.
"""

import json
from collections.abc import Sequence
from sqlite3 import Connection
from typing import NamedTuple

EMBEDDER_SHIFT = 40
"""The number of a vector is its embedder's times 2^40, plus its chunk's."""

_REMOVED_CONTENTS = 64  # in one transaction, which takes some milliseconds


class StoredEmbedder(NamedTuple):
    """An embedder whose vectors are in the index.

    Attributes:
        number: Its number there.
        recipe: What its vectors depend on.
        dimensions: Of its vectors.
        source: How it is opened again, see ``codelab_models.embedders``.
    """

    number: int
    recipe: str
    dimensions: int
    source: str


class Unembedded(NamedTuple):
    """A content of a worktree that has no vectors yet, and one of the paths where it stands."""

    blob: int
    first_chunk: int
    chunks: int
    path: str


def find_embedder(connection: Connection, recipe: str) -> StoredEmbedder | None:
    """Return the embedder of a recipe, or None if it has no vectors in the index."""
    row = connection.execute(
        "SELECT id, recipe, dimensions, source FROM embedder WHERE recipe = ?", (recipe,)
    ).fetchone()
    return StoredEmbedder(*row) if row else None


def add_embedder(connection: Connection, recipe: str, dimensions: int, source: str) -> StoredEmbedder:
    """Return the embedder of a recipe, noted now if it is new."""
    row = connection.execute(
        "INSERT INTO embedder (recipe, dimensions, source) VALUES (?, ?, ?) ON CONFLICT (recipe)"
        " DO UPDATE SET source = excluded.source RETURNING id, recipe, dimensions, source",
        (recipe, dimensions, source),
    ).fetchone()
    return StoredEmbedder(*row)


def serving_embedder(connection: Connection, worktree: int) -> StoredEmbedder | None:
    """Return the embedder whose vectors were last complete in a worktree, or None if none ever were."""
    row = connection.execute(
        "SELECT e.id, e.recipe, e.dimensions, e.source FROM served_by s"
        " CROSS JOIN embedder e ON e.id = s.embedder WHERE s.worktree = ?",
        (worktree,),
    ).fetchone()
    return StoredEmbedder(*row) if row else None


def is_wanted(connection: Connection, worktree: int, embedder: int) -> bool:
    """Tell whether an embedder is noted as the one that a worktree's settings name."""
    row = connection.execute("SELECT embedder FROM wanted_by WHERE worktree = ?", (worktree,)).fetchone()
    return bool(row == (embedder,))


def want(connection: Connection, worktree: int, embedder: int) -> None:
    """Note which embedder a worktree's settings name."""
    connection.execute("INSERT OR REPLACE INTO wanted_by VALUES (?, ?)", (worktree, embedder))


def want_none(connection: Connection, worktree: int) -> None:
    """Note that a worktree's settings name no embedder: none serves it any more."""
    connection.execute("DELETE FROM wanted_by WHERE worktree = ?", (worktree,))
    connection.execute("DELETE FROM served_by WHERE worktree = ?", (worktree,))


def serve(connection: Connection, worktree: int, embedder: int) -> None:
    """Note that an embedder's vectors are complete in a worktree."""
    connection.execute("INSERT OR REPLACE INTO served_by VALUES (?, ?)", (worktree, embedder))


def remove_unwanted(connection: Connection) -> bool:
    """Delete a part of the vectors of embedders that no worktree wants and that serve none.

    All of a content's go at once: whoever comes to want the embedder meanwhile finds what it lacks.

    Args:
        connection: The index, in a transaction.

    Returns:
        Whether there may be more to delete.
    """
    row = connection.execute(
        "SELECT id FROM embedder WHERE id NOT IN"
        " (SELECT embedder FROM served_by UNION ALL SELECT embedder FROM wanted_by) LIMIT 1"
    ).fetchone()
    if row is None:
        return False
    (embedder,) = row
    contents = connection.execute(
        "SELECT v.id, v.first_chunk, b.chunks FROM vector_bits v INDEXED BY vector_bits_of_embedder"
        " CROSS JOIN blob b ON b.id = v.blob WHERE v.embedder = ? LIMIT ?",
        (embedder, _REMOVED_CONTENTS),
    ).fetchall()
    base = embedder << EMBEDDER_SHIFT
    connection.executemany(
        "DELETE FROM vector WHERE id >= ? AND id < ?",
        [(base + first, base + first + chunks) for _, first, chunks in contents],
    )
    connection.executemany("DELETE FROM vector_bits WHERE id = ?", [(number,) for number, _, _ in contents])
    if not contents:
        connection.execute("DELETE FROM embedder WHERE id = ?", (embedder,))
    return True


def unembedded(connection: Connection, worktree: int, embedder: int, limit: int) -> list[Unembedded]:
    """Return contents of a worktree that have no vectors of an embedder yet, in the order they came."""
    rows = connection.execute(
        "SELECT b.id, b.first_chunk, b.chunks, min(p.path) FROM file f"
        " CROSS JOIN blob b ON b.id = f.blob CROSS JOIN path p ON p.id = f.path"
        " WHERE f.worktree = ? AND b.chunks > 0 AND NOT EXISTS (SELECT 1 FROM vector_bits v"
        " INDEXED BY vector_bits_of_embedder WHERE v.blob = b.id AND v.embedder = ?) GROUP BY b.id LIMIT ?",
        (worktree, embedder, limit),
    )
    return [Unembedded(*row) for row in rows]


def count_embedded(connection: Connection, worktree: int, embedder: int) -> int:
    """Return how many chunks of a worktree have vectors; equal files count once each."""
    row = connection.execute(
        "SELECT coalesce(sum(b.chunks), 0) FROM file f CROSS JOIN blob b ON b.id = f.blob"
        " WHERE f.worktree = ? AND EXISTS (SELECT 1 FROM vector_bits v INDEXED BY vector_bits_of_embedder"
        " WHERE v.blob = b.id AND v.embedder = ?)",
        (worktree, embedder),
    ).fetchone()
    return int(row[0])


def write_vectors(
    connection: Connection, embedder: StoredEmbedder, of: Unembedded, vectors: bytes, bits: bytes
) -> bool:
    """Store the vectors of a content.

    Args:
        connection: The index, in a transaction.
        embedder: What made them.
        of: The content.
        vectors: As ``codelab.index.storing.bits.to_int8`` makes them, one row for each chunk of the content.
        bits: The same, as ``codelab.index.storing.bits`` packs them.

    Returns:
        False if the content is gone or has changed its place, so that nothing was stored.
    """
    row = connection.execute("SELECT first_chunk, chunks FROM blob WHERE id = ?", (of.blob,)).fetchone()
    if row != (of.first_chunk, of.chunks) or len(vectors) != of.chunks * embedder.dimensions:
        return False
    first, size = (embedder.number << EMBEDDER_SHIFT) + of.first_chunk, embedder.dimensions
    connection.executemany(
        "INSERT OR REPLACE INTO vector (id, data) VALUES (?, ?)",
        [(first + n, vectors[n * size : (n + 1) * size]) for n in range(of.chunks)],
    )
    connection.execute(
        "INSERT OR REPLACE INTO vector_bits (embedder, blob, first_chunk, bits) VALUES (?, ?, ?, ?)",
        (embedder.number, of.blob, of.first_chunk, bits),
    )
    return True


def drop_vectors(connection: Connection, blob: int, first_chunk: int, chunks: int) -> None:
    """Delete the vectors of a content that is about to be deleted."""
    for (embedder,) in connection.execute("SELECT id FROM embedder").fetchall():
        first = (embedder << EMBEDDER_SHIFT) + first_chunk
        connection.execute("DELETE FROM vector WHERE id >= ? AND id < ?", (first, first + chunks))
        connection.execute("DELETE FROM vector_bits WHERE blob = ? AND embedder = ?", (blob, embedder))


class StoredBits(NamedTuple):
    """The bits of a content's vectors, all in one: their number, the content, its first chunk, the bits."""

    number: int
    blob: int
    first_chunk: int
    bits: bytes


def bits_since(connection: Connection, embedder: int, last: int) -> list[StoredBits]:
    """Return what was stored after number ``last``, in the order it came."""
    rows = connection.execute(
        "SELECT id, blob, first_chunk, bits FROM vector_bits WHERE id > ? AND +embedder = ? ORDER BY id",
        (last, embedder),
    )
    return [StoredBits(*row) for row in rows]


def blobs_of_worktree(connection: Connection, worktree: int, blobs: Sequence[int]) -> list[int]:
    """Return those of some contents that a worktree has."""
    rows = connection.execute(
        "SELECT j.value FROM json_each(?) j WHERE EXISTS"
        " (SELECT 1 FROM file f INDEXED BY file_of_blob WHERE f.blob = j.value AND f.worktree = ?)",
        (json.dumps(blobs), worktree),
    )
    return [blob for (blob,) in rows]


def read_vectors(connection: Connection, embedder: int, chunks: Sequence[int]) -> tuple[list[int], bytes]:
    """Return those of some chunks that have vectors of an embedder, and all these vectors in one piece."""
    # One row of all is read in less time than a row for each.
    found, vectors = connection.execute(
        "SELECT group_concat(j.value), CAST(group_concat(v.data, '') AS BLOB)"
        " FROM json_each(?) j CROSS JOIN vector v ON v.id = ? + j.value",
        (json.dumps(chunks), embedder << EMBEDDER_SHIFT),
    ).fetchone()
    return (list(map(int, found.split(","))), vectors) if found else ([], b"")
