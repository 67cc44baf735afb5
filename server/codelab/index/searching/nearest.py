"""The chunks of a worktree whose vectors are nearest to a query's.

In a small index every vector is compared. In a large one the bits of all vectors, which are in memory,
choose some hundreds, and the vectors of these are read and compared: measured with
tests/benchmarks/vector_search.py, this finds 98 of 100 that comparing all would find. sqlite-vec compares in
the first case; its ``vec0`` tables are not used, since they compare all vectors for each query.
"""

from collections.abc import Collection
from sqlite3 import Connection
from typing import TYPE_CHECKING

from codelab.index.storing.vectors import (
    EMBEDDER_SHIFT,
    StoredBits,
    StoredEmbedder,
    bits_since,
    blobs_of_worktree,
    read_vectors,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from codelab.index.storing.bits import BitMatrix

EXACT_CHUNKS = 2_000
"""Up to so many vectors in the index, those of a worktree are all compared."""

_CHOSEN = 500  # by their bits, at least; recall is measured with this number
_GROWN = 1.3  # times what was first read, and it is all read again, less what is gone

_DISTANCE = "vec_distance_cosine(vec_int8(v.data), vec_int8(?))"
_EXACT = f"""
SELECT v.id - ? AS chunk, {_DISTANCE} AS distance FROM (
  SELECT DISTINCT b.first_chunk AS first, b.chunks AS chunks
  FROM file f CROSS JOIN blob b ON b.id = f.blob WHERE f.worktree = ?
) c CROSS JOIN vector v ON v.id >= ? + c.first AND v.id < ? + c.first + c.chunks
ORDER BY distance, chunk LIMIT ?
"""  # noqa: S608 - made of constants


class BitMemory:
    """The bits of an embedder's vectors in memory, kept in step with the index. For one thread at a time.

    They are those of all worktrees and branches; what a worktree does not have is left out when a query has
    chosen. Rows of contents that are gone stay until there are many, which costs a little and finds nothing
    wrong: what is chosen is compared by its vector in the index.
    """

    def __init__(self) -> None:
        self._matrix: BitMatrix | None = None
        self._contents: NDArray[np.int64] | None = None
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
        import numpy as np

        from codelab.index.storing.bits import BitMatrix

        matrix = self._matrix
        if matrix is None or self._embedder != embedder.number or matrix.rows > _GROWN * self._first_rows:
            matrix = self._matrix = BitMatrix(embedder.dimensions)
            self._embedder, self._last, self._first_rows = embedder.number, 0, 0
            self._contents = np.empty((0, 3), np.int64)
        new = bits_since(connection, embedder.number, self._last)
        if new:
            self._add(matrix, new)
        if not self._first_rows:
            self._first_rows = max(matrix.rows, EXACT_CHUNKS)
        return matrix

    def _add(self, matrix: "BitMatrix", new: list[StoredBits]) -> None:
        import numpy as np

        size = matrix.bytes_each
        counts = np.array([len(one.bits) // size for one in new])
        firsts = matrix.rows + np.cumsum(counts) - counts
        added = np.array([(first, one.blob, one.first_chunk) for first, one in zip(firsts, new, strict=True)])
        self._contents = added if self._contents is None else np.concatenate((self._contents, added))
        matrix.add(np.frombuffer(b"".join(one.bits for one in new), "<u8").reshape(-1, size // 8))
        self._last = new[-1].number

    def chunks(self, rows: "NDArray[np.int64]") -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
        """Return the chunk of each row of the matrix, and the content that it was a part of."""
        import numpy as np

        if self._contents is None:
            raise ValueError("nothing was read yet")
        first_rows, blobs, first_chunks = self._contents.T
        content = np.searchsorted(first_rows, rows, "right") - 1
        return first_chunks[content] + rows - first_rows[content], blobs[content]


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
    import numpy as np

    from codelab.index.storing.bits import to_int8

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
        chunks, blobs = memory.chunks(matrix.nearest(vector, choose))
        there = np.isin(blobs, blobs_of_worktree(connection, worktree, np.unique(blobs).tolist()))
        chosen = sorted({*chunks[there].tolist(), *also})
        if len(chosen) >= min(choose // 2, _CHOSEN) or choose >= matrix.rows:
            found, vectors = read_vectors(connection, embedder.number, chosen)
            return _compare(found, vectors, data, limit, also)
        choose *= 4  # most of them were other branches'


def _compare(
    chunks: list[int], vectors: bytes, query: bytes, limit: int, also: Collection[int]
) -> list[tuple[int, float]]:
    """Return the cosines of the angles between a query's vector and those of some chunks, best first."""
    import numpy as np

    if not chunks:
        return []
    compared = np.frombuffer(vectors, np.int8).astype(np.float32).reshape(len(chunks), -1)
    asked = np.frombuffer(query, np.int8).astype(np.float32)
    squares = np.einsum("ij,ij->i", compared, compared) * (asked @ asked)
    cosines = (compared @ asked) / np.sqrt(np.maximum(squares, 1.0))
    order = np.argsort(-cosines, kind="stable")
    wanted = set(also)
    ranked = zip(order.tolist(), cosines[order].tolist(), squares[order].tolist(), strict=True)
    return [
        (chunks[n], cosine)
        for rank, (n, cosine, square) in enumerate(ranked)
        if square > 0 and (rank < limit or chunks[n] in wanted)  # zeros have no angle to anything
    ]


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
