"""From words to vectors: the weighted mean of their rows in the table."""

from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from codelab_models.embedder.table import Table, read_shape, read_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUERY, PASSAGE = 0, 1
_ROW = "i"  # four bytes on every platform that numpy knows
_BYTES_AT_ONCE = 4 * 8192  # rows in floats that stay in a core's second cache


class BundledEmbedder:
    """Turns words into vectors by a table; an ``Embedder`` of ``codelab_models.embedding``.

    The table is read when the first text comes: whoever only asks what it is does not wait for numpy.
    """

    @property
    def _table(self) -> Table:
        return read_table()

    @property
    def recipe(self) -> str:
        """Name, dimensions and digest of the table."""
        return f"bundled {self.dimensions} {read_shape().digest}"

    @property
    def dimensions(self) -> int:
        """Length of its vectors."""
        return read_shape().dimensions

    @property
    def takes_words(self) -> bool:
        """It is given words as the index splits them."""
        return True

    def pack(self, words: Iterable[str]) -> bytes:
        """Return the rows of words in the table, packed; what several give may be joined."""
        return array(_ROW, map(self._table.numbers.__getitem__, words)).tobytes()

    def embed_packed(self, passages: Sequence[bytes]) -> "NDArray[np.float32]":
        """Return the vectors of passages whose words are packed; as ``embed_passages`` otherwise."""
        return self._embed(passages, PASSAGE)

    def embed_passages(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return the vectors of passages.

        Args:
            texts: The words of each, separated by spaces.

        Returns:
            An array of shape (number of texts, ``dimensions``) in 32-bit floats: rows of length 1, and of
            zeros for a text without words.
        """
        return self._embed([self.pack(text.split()) for text in texts], PASSAGE)

    def embed_queries(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return the vectors of queries: as ``embed_passages``, for what is looked for."""
        return self._embed([self.pack(text.split()) for text in texts], QUERY)

    def _embed(self, packed: Sequence[bytes], side: int) -> "NDArray[np.float32]":
        import numpy as np

        made = np.zeros((len(packed), self.dimensions), np.float32)
        first = 0
        while first < len(packed):
            after, size = first + 1, len(packed[first])
            while after < len(packed) and size + len(packed[after]) <= _BYTES_AT_ONCE:
                size += len(packed[after])
                after += 1
            self._sum(packed[first:after], side, made[first:after])
            first = after
        made /= np.maximum(np.linalg.norm(made, axis=1, keepdims=True), np.float32(1e-12))
        return made

    def _sum(self, packed: Sequence[bytes], side: int, into: "NDArray[np.float32]") -> None:
        """Add up the weighed rows of some passages."""
        import numpy as np

        table = self._table
        height = len(table.rows)
        words = np.frombuffer(b"".join(packed), np.dtype(_ROW))
        of = np.repeat(np.arange(len(packed)), [len(one) // words.itemsize for one in packed])
        # Each word of a passage once, in order, with how often it is there.
        found, times = np.unique(of * height + words, return_counts=True)
        rows = found % height
        weights = table.weights[side][rows]
        if side == PASSAGE:
            weights *= 1 + np.log(times.astype(np.float32))
        vectors = table.rows.take(rows, axis=0).astype(np.float32)
        start = 0
        ends = np.searchsorted(found, height * np.arange(1, len(packed) + 1)).tolist()
        for passage, end in enumerate(ends):  # several times as fast as one sum over all
            np.dot(weights[start:end], vectors[start:end], out=into[passage])
            start = end


def load() -> BundledEmbedder:
    """Return the bundled embedder."""
    return BundledEmbedder()
