"""From the chunks of a content to their vectors; imported by processes that do nothing else."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, chain, cycle
from typing import TYPE_CHECKING, NamedTuple

from codelab.index.parsing.windows import MAX_WEIGHT, pieces
from codelab.index.words import SpacedText, identifiers_of, split_identifier, words_of
from codelab_models.embedder.bundled import BundledEmbedder

if TYPE_CHECKING:
    from codelab_models.embedding import Embedder

_MOST_IDENTIFIERS = 100_000

Place = tuple[str, int, int]
"""Qualified name of the definition that a chunk belongs to, its first and its last line."""


class Embedded(NamedTuple):
    """The vectors of a content's chunks: whole numbers of 8 bits, one row after the other, and their bits."""

    vectors: bytes
    bits: bytes


def embed_contents(embedder: "Embedder", contents: Sequence[tuple[bytes, Sequence[Place]]]) -> list[Embedded]:
    """Return the vectors of some contents, each a text in UTF-8 and the places of its chunks.

    Raises:
        ModelError: As the embedder.
    """
    from codelab.index.storing.bits import to_bits, to_int8

    if isinstance(embedder, BundledEmbedder):
        rows = _rows_of(embedder)
        vectors = embedder.embed_packed([one for content in contents for one in _packed(*content, rows)])
    else:
        words = embedder.takes_words
        texts = [text for data, places in contents for text in _texts(data, places, words=words)]
        vectors = embedder.embed_passages(texts)
    numbers, bits = to_int8(vectors), to_bits(vectors)
    found = []
    first = 0
    for _, places in contents:
        after = first + len(places)
        found.append(Embedded(numbers[first:after].tobytes(), bits[first:after].tobytes()))
        first = after
    return found


class _Rows(dict[str, bytes]):
    """The rows of identifiers' words in the table, remembered: source repeats the same few thousand."""

    def __init__(self, embedder: BundledEmbedder) -> None:
        super().__init__()
        self._pack = embedder.pack

    def __missing__(self, identifier: str) -> bytes:
        if len(self) >= _MOST_IDENTIFIERS:
            self.clear()
        found = self[identifier] = self._pack(split_identifier(identifier).split())
        return found


@lru_cache(maxsize=1)
def _rows_of(embedder: BundledEmbedder) -> _Rows:
    return _Rows(embedder)


def _packed(data: bytes, places: Sequence[Place], rows: _Rows) -> list[bytes]:
    """Return the rows of the words of each chunk, those of its definition's name first."""
    between = SpacedText(data).identifiers
    row = rows.__getitem__
    return [
        b"".join(map(row, chain(identifiers_of(symbol), between(low, high))))
        for symbol, low, high in _spans(data, places)
    ]


def _texts(data: bytes, places: Sequence[Place], *, words: bool) -> list[str]:
    words_between = SpacedText(data).words
    found = []
    for symbol, low, high in _spans(data, places):
        if words:
            found.append(f"{words_of(symbol)} {words_between(low, high)}".strip())
        else:
            found.append(f"{symbol}\n{data[low:high].decode('utf-8', 'replace')}".strip())
    return found


def _spans(data: bytes, places: Sequence[Place]) -> Iterator[tuple[str, int, int]]:
    """Yield the name, the first byte and the byte after the last of each chunk.

    The index knows chunks by their lines. Those of a line that was too long for one chunk come in its order
    and are cut here as they were then: each with the whole line would take its length times their number.
    """
    starts = list(accumulate(map(len, data.splitlines(keepends=True)), initial=0))
    cut: dict[int, Iterator[tuple[int, int]]] = {}
    for symbol, start, end in places:
        low, high = starts[start - 1], starts[end]
        if high - low > MAX_WEIGHT and start == end and len(data[low:high].strip()) > MAX_WEIGHT:
            if start not in cut:  # it may have been cut once for each of two definitions
                cut[start] = cycle(pieces(data, low, high))
            low, high = next(cut[start])
        yield symbol, low, high
