"""The chunks of a worktree whose vectors are nearest to a query's.

In a small index every vector is compared. In a large one the bits of all vectors, which are in memory,
choose some hundreds, and the vectors of these are read and compared: measured with
tests/benchmarks/vector_search.py, this finds 98 of 100 that comparing all would find. The comparison is
sqlite-vec's in both cases; its ``vec0`` tables are not used, since they compare all vectors for each query.
"""

import json
from collections.abc import Collection
from sqlite3 import Connection
from typing import TYPE_CHECKING

from codelab.index.vectors import EMBEDDER_SHIFT, StoredEmbedder, bits_since

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from codelab.index.bits import BitMatrix

EXACT_CHUNKS = 2_000
"""Up to so many vectors in the index, those of a worktree are all compared."""

_CHOSEN = 800  # by their bits, at least; recall is measured with this number
_GROWN = 1.3  # times what was first read, and it is all read again, less what is gone

_DISTANCE = "vec_distance_cosine(vec_int8(v.data), vec_int8(?))"
_EXACT = f"""
SELECT v.id - ? AS chunk, {_DISTANCE} AS distance FROM (
  SELECT DISTINCT b.first_chunk AS first, b.chunks AS chunks
  FROM file f CROSS JOIN blob b ON b.id = f.blob WHERE f.worktree = ?
) c CROSS JOIN vector v ON v.id >= ? + c.first AND v.id < ? + c.first + c.chunks
ORDER BY distance, chunk LIMIT ?
"""  # noqa: S608 - made of constants
_CHOOSE = f"""
SELECT c.id AS chunk, {_DISTANCE} AS distance FROM json_each(?) j CROSS JOIN chunk c ON c.id = j.value
CROSS JOIN vector v ON v.id = ? + c.id
WHERE EXISTS (SELECT 1 FROM file f INDEXED BY file_of_blob WHERE f.blob = c.blob AND f.worktree = ?)
ORDER BY distance, chunk
"""  # noqa: S608


class BitMemory:
    """The bits of an embedder's vectors in memory, kept in step with the index. For one thread at a time.

    They are those of all worktrees and branches; what a worktree does not have is left out when a query has
    chosen. Rows of contents that are gone stay until there are many, which costs a little and finds nothing
    wrong: what is chosen is compared by its vector in the index.
    """

    def __init__(self) -> None:
        self._matrix: BitMatrix | None = None
        self._embedder = -1
        self._last = 0
        self._first_rows = 0

    def forget(self) -> None:
        """Let go of everything; for an index that was made afresh."""
        self._matrix = None

    def rows(self, embedder: StoredEmbedder) -> int:
        """Return how many vectors of an embedder were in the index when it was last read."""
        return self._matrix.rows if self._matrix is not None and self._embedder == embedder.number else 0

    def refreshed(self, connection: Connection, embedder: StoredEmbedder) -> "BitMatrix":
        """Return the bits of all vectors in the index, of which only new ones are read."""
        from codelab.index.bits import BitMatrix

        matrix = self._matrix
        if matrix is None or self._embedder != embedder.number or matrix.rows > _GROWN * self._first_rows:
            matrix = self._matrix = BitMatrix(embedder.dimensions)
            self._embedder, self._last, self._first_rows = embedder.number, 0, 0
        new = bits_since(connection, embedder.number, self._last)
        if new:
            self._add(matrix, new)
        if not self._first_rows:
            self._first_rows = max(matrix.rows, EXACT_CHUNKS)
        return matrix

    def _add(self, matrix: "BitMatrix", new: "list[tuple[int, int, bytes]]") -> None:
        import numpy as np

        size = matrix.bytes_each
        counts = np.array([len(bits) // size for _, _, bits in new])
        firsts = np.array([first for _, first, _ in new], np.int64)
        starts = np.repeat(firsts - np.cumsum(counts) + counts, counts)
        packed = np.frombuffer(b"".join(bits for _, _, bits in new), "<u8").reshape(-1, size // 8)
        matrix.add(starts + np.arange(len(starts)), packed)
        self._last = new[-1][0]


def nearest(
    connection: Connection,
    worktree: int,
    vector: "NDArray[np.float32]",
    limit: int,
    *,
    embedder: StoredEmbedder,
    memory: BitMemory,
    also: Collection[int] = (),
) -> list[tuple[int, float]]:
    """Return the chunks of a worktree whose vectors are nearest to a query's, best first.

    Args:
        connection: The index, with sqlite-vec loaded, in a transaction.
        worktree: The number of the worktree in it.
        vector: The query's, of shape (dimensions,).
        limit: Most chunks.
        embedder: What made the query's vector, and those that are compared with it.
        memory: Kept by the caller from query to query, as long as the index is the same.
        also: Chunks that are compared and returned as well, however near they are.

    Returns:
        Chunks with the cosine of the angle between their vector and the query's, -1 to 1.
    """
    from codelab.index.bits import to_int8

    if limit < 1 or not vector.any():
        return []
    data = to_int8(vector.reshape(1, -1)).tobytes()
    base = embedder.number << EMBEDDER_SHIFT
    if memory.rows(embedder) <= 2 * EXACT_CHUNKS and _is_small(connection, embedder.number):
        rows = connection.execute(_EXACT, (base, data, worktree, base, base, EXACT_CHUNKS)).fetchall()
        return _cosines(rows, limit, also)
    matrix = memory.refreshed(connection, embedder)
    choose = max(_CHOSEN, 4 * limit)
    while True:
        chosen = json.dumps(sorted({*matrix.nearest(vector, choose).tolist(), *also}))
        rows = connection.execute(_CHOOSE, (data, chosen, base, worktree)).fetchall()
        if len(rows) >= min(choose // 2, _CHOSEN) or choose >= matrix.rows:
            return _cosines(rows, limit, also)
        choose *= 4  # most of them were other branches'


def _is_small(connection: Connection, embedder: int) -> bool:
    base = embedder << EMBEDDER_SHIFT
    row = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM vector WHERE id >= ? AND id < ? LIMIT ?)",
        (base, base + (1 << EMBEDDER_SHIFT), EXACT_CHUNKS + 1),
    ).fetchone()
    return bool(row[0] <= EXACT_CHUNKS)


def _cosines(
    rows: list[tuple[int, float | None]], limit: int, also: Collection[int]
) -> list[tuple[int, float]]:
    # A vector of zeros has no angle to anything.
    return [
        (chunk, 1.0 - distance)
        for n, (chunk, distance) in enumerate(rows)
        if distance is not None and (n < limit or chunk in also)
    ]
