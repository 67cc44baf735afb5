"""From words to vectors: the weighted mean of their rows in the table."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from codelab_models.embedder.table import Table, read_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUERY, PASSAGE = 0, 1
_WORDS_AT_ONCE = 4096  # rows in floats that stay in a core's second cache


class BundledEmbedder:
    """Turns words into vectors by a table; an ``Embedder`` of ``codelab_models.embedding``."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @property
    def recipe(self) -> str:
        """Name, dimensions and digest of the table."""
        return f"bundled {self.dimensions} {self._table.digest}"

    @property
    def dimensions(self) -> int:
        """Length of its vectors."""
        return int(self._table.rows.shape[1])

    @property
    def takes_words(self) -> bool:
        """It is given words as the index splits them."""
        return True

    def embed_passages(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return the vectors of passages.

        Args:
            texts: The words of each, separated by spaces.

        Returns:
            An array of shape (number of texts, ``dimensions``) in 32-bit floats: rows of length 1, and of
            zeros for a text without words.
        """
        return self._embed(texts, PASSAGE)

    def embed_queries(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return the vectors of queries: as ``embed_passages``, for what is looked for."""
        return self._embed(texts, QUERY)

    def _embed(self, texts: Sequence[str], side: int) -> "NDArray[np.float32]":
        import numpy as np

        made = np.zeros((len(texts), self.dimensions), np.float32)
        counted = [Counter(text.split()) for text in texts]
        first = 0
        while first < len(texts):
            after, words = first + 1, len(counted[first])
            while after < len(texts) and words + len(counted[after]) <= _WORDS_AT_ONCE:
                words += len(counted[after])
                after += 1
            if words:
                made[first:after] = self._means(counted[first:after], words, side)
            first = after
        return made

    def _means(self, counted: list[Counter[str]], words: int, side: int) -> "NDArray[np.float32]":
        import numpy as np

        table = self._table
        flat = chain.from_iterable(counted)
        numbers = np.fromiter(map(table.numbers.__getitem__, flat), np.int64, words)
        weights = table.weights[side][numbers]
        if side == PASSAGE:
            times = chain.from_iterable(one.values() for one in counted)
            weights *= 1 + np.log(np.fromiter(times, np.float32, words))
        lengths = np.fromiter(map(len, counted), np.int64, len(counted))
        weighed = table.rows[numbers] * weights[:, None]
        means = np.zeros((len(counted), self.dimensions), np.float32)
        filled = lengths > 0
        starts = np.concatenate(([0], np.cumsum(lengths[filled])[:-1]))
        means[filled] = np.add.reduceat(weighed, starts, axis=0)
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), np.float32(1e-12))
        return means


def load() -> BundledEmbedder:
    """Return the bundled embedder; the first call reads its table."""
    return BundledEmbedder(read_table())
