"""The table of word vectors: one row for each word, rows of 8-bit integers, read from the package's data."""

import ast
import zlib
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DIGEST_CHARACTERS = 16
_NPY_START = 10  # bytes before the header: a mark, the version, the header's length in two bytes
DATA_FILES = ("words.txt", "rows.npy", "weights.npy")


class Numbers(dict[str, int]):
    """The row of each word; words without a row of their own share ``buckets`` more by their checksum."""

    def __init__(self, words: Iterable[str], rows: int) -> None:
        super().__init__((word, number) for number, word in enumerate(words))
        self.buckets = rows - len(self)

    def __missing__(self, word: str) -> int:
        return len(self) + zlib.crc32(word.encode("utf-8", "surrogatepass")) % self.buckets


class Table(NamedTuple):
    """The bundled table.

    Attributes:
        rows: The vectors, shape (words + buckets, dimensions): each word's row, then the shared ones.
        weights: What a word counts in a query and in a passage, shape (2, words + buckets), times what its
            row of integers is to be multiplied by.
        numbers: The row of each word.
    """

    rows: "NDArray[np.int8]"
    weights: "NDArray[np.float32]"
    numbers: Numbers


class Shape(NamedTuple):
    """What is known of the table without reading it, which takes numpy.

    Attributes:
        dimensions: Length of its rows.
        digest: Of the files, so that vectors made from other ones are told apart.
    """

    dimensions: int
    digest: str


@lru_cache(maxsize=1)
def read_table() -> Table:
    """Read the table, once."""
    import numpy as np

    data = _data()
    words = (data / "words.txt").read_text(encoding="utf-8").split("\n")
    with as_file(data / "rows.npy") as rows_file, as_file(data / "weights.npy") as weights_file:
        rows, weights = np.load(rows_file), np.load(weights_file)
    return Table(rows, weights, Numbers(words, len(rows)))


@lru_cache(maxsize=1)
def read_shape() -> Shape:
    """Read what is known of the table without numpy, once."""
    data = _data()
    with (data / "rows.npy").open("rb") as file:
        head = file.read(_NPY_START)
        # https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html#format-version-1-0
        header = ast.literal_eval(file.read(int.from_bytes(head[-2:], "little")).decode("ascii"))
    return Shape(header["shape"][1], digest_of(data))


def _data() -> Traversable:
    return files("codelab_models.embedder") / "data"


def digest_of(folder: Traversable) -> str:
    """Return the digest of a table's files: the first digits of the SHA-256 of all of them."""
    import hashlib

    digest = hashlib.sha256()
    for name in DATA_FILES:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:_DIGEST_CHARACTERS]
