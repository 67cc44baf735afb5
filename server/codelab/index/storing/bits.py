"""Vectors in few bytes: whole numbers of 8 bits on disk, one bit for each direction in memory.

The bits are the signs of the vector after a rotation that spreads what it says evenly over its directions
(random signs, then a Walsh-Hadamard transform). They are compared with a query of 4 bits for each direction,
as in RaBitQ (Gao and Long, 2024): better than bits against bits, and made of the same fast operations.
"""

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BITS = 512
_QUERY_BITS = 4
_ROWS = 32_768  # compared at once, so that they stay in the processor's cache


def to_int8(vectors: "NDArray[np.float32]") -> "NDArray[np.int8]":
    """Return vectors in whole numbers, each scaled so that its largest is 127: only angles are kept."""
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0.0)
    scaled = np.divide(vectors * 127.0, largest, out=np.zeros_like(vectors), where=largest > 0)
    made: NDArray[np.int8] = np.rint(scaled).astype(np.int8)
    return made


def bits_of(dimensions: int) -> int:
    """Return how many bits a vector of so many dimensions has in memory: a multiple of 64."""
    return min(MOST_BITS, max(64, 1 << (dimensions - 1).bit_length()))


def to_bits(vectors: "NDArray[np.float32]") -> "NDArray[np.uint64]":
    """Return the signs of vectors after the rotation, packed: shape (rows, ``bits_of(dimensions)`` / 64)."""
    packed = np.packbits(_rotate(vectors) > 0, axis=1, bitorder="little")
    return np.ascontiguousarray(packed).view("<u8")


@lru_cache(maxsize=2)
def _rotation(dimensions: int) -> "NDArray[np.float32]":
    width = max(64, 1 << (dimensions - 1).bit_length())
    hadamard = np.ones((1, 1), np.float32)
    while len(hadamard) < width:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    random = np.frombuffer(hashlib.shake_256(b"codelab vectors").digest(width // 8), np.uint8)
    signs = np.where(np.unpackbits(random)[:dimensions] > 0, np.float32(1), np.float32(-1))
    return np.ascontiguousarray(hadamard[:dimensions, : bits_of(dimensions)] * signs[:, np.newaxis])


def _rotate(vectors: "NDArray[np.float32]") -> "NDArray[np.float32]":
    return vectors @ _rotation(vectors.shape[1])


class BitMatrix:
    """The bits of many vectors, one row for each. Grows, and never shrinks.

    Args:
        dimensions: Of the vectors.
    """

    def __init__(self, dimensions: int) -> None:
        self._words = bits_of(dimensions) // 64
        self._bits: NDArray[Any] = np.empty((self._words, 0), np.uint64)
        self._ones: NDArray[Any] = np.empty(0, np.uint16)
        self.rows = 0

    @property
    def bytes_each(self) -> int:
        """Bytes of one vector's bits."""
        return 8 * self._words

    def add(self, packed: "NDArray[np.uint64]") -> None:
        """Add vectors as the next rows.

        Args:
            packed: Their bits, as ``to_bits`` makes them.
        """
        after = self.rows + len(packed)
        if after > len(self._ones):
            self._grow(after + after // 4)
        self._bits[:, self.rows : after] = packed.T
        self._ones[self.rows : after] = np.bitwise_count(packed).sum(axis=1, dtype=np.uint16)
        self.rows = after

    def nearest(self, vector: "NDArray[np.float32]", limit: int) -> "NDArray[np.int64]":
        """Return the rows of about the nearest vectors, in no order.

        Args:
            vector: Of shape (dimensions,).
            limit: How many.
        """
        if limit >= self.rows:
            return np.arange(self.rows)
        scores = self._scores(self._planes(vector))
        # Counting the scores tells which is just good enough, several times faster than sorting them.
        least = int(scores.min())
        above = np.cumsum(np.bincount(scores - least)[::-1])
        enough = least + len(above) - 1 - int(np.searchsorted(above, limit))
        better = np.flatnonzero(scores > enough)
        equal = np.flatnonzero(scores == enough)[: limit - len(better)]
        return np.concatenate((better, equal))

    def _scores(self, planes: "NDArray[np.uint64]") -> "NDArray[np.int32]":
        """Return for each vector twice its product with the query, counted in steps from the lowest."""
        scores = np.empty(self.rows, np.int32)
        both, counts = np.empty(_ROWS, np.uint64), np.empty(_ROWS, np.uint8)
        for first in range(0, self.rows, _ROWS):
            after = min(first + _ROWS, self.rows)
            rows = after - first
            total = np.zeros(rows, np.uint16)
            for plane in planes[::-1]:
                total <<= 1
                for word, wanted in zip(self._bits, plane, strict=True):
                    np.bitwise_and(word[first:after], wanted, out=both[:rows])
                    total += np.bitwise_count(both[:rows], out=counts[:rows])
            scores[first:after] = total
            # The steps of a direction are 0 to 15, their middle is 7.5.
            scores[first:after] *= 2
            scores[first:after] -= (2**_QUERY_BITS - 1) * self._ones[first:after].astype(np.int32)
        return scores

    def _planes(self, vector: "NDArray[np.float32]") -> "NDArray[np.uint64]":
        """Return the query in 4 bits for each direction, the lowest bits of all directions first."""
        rotated = _rotate(vector[np.newaxis])[0]
        largest = float(np.abs(rotated).max()) or 1.0
        steps = np.rint((rotated / largest + 1.0) * (2**_QUERY_BITS - 1) / 2).astype(np.uint8)
        planes = [np.packbits((steps >> bit) & 1, bitorder="little") for bit in range(_QUERY_BITS)]
        return np.stack(planes).view("<u8")

    def _grow(self, rows: int) -> None:
        bits, ones = self._bits, self._ones
        self._bits = np.empty((self._words, rows), np.uint64)
        self._ones = np.empty(rows, np.uint16)
        self._bits[:, : self.rows] = bits[:, : self.rows]
        self._ones[: self.rows] = ones[: self.rows]
