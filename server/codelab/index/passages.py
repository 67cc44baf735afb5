"""The texts of a content's chunks, as an embedder takes them, and the vectors that are made of them."""

from collections.abc import Sequence
from itertools import accumulate
from sqlite3 import Connection
from typing import TYPE_CHECKING, NamedTuple

from codelab.index.content import Reader, blob_key, to_utf8
from codelab.index.manifests import format_of
from codelab.index.vectors import Unembedded
from codelab.index.words import SpacedText, words_of

if TYPE_CHECKING:
    from codelab_models.embedding import Embedder

Place = tuple[str, int, int]
"""Qualified name of the definition that a chunk belongs to, its first and its last line."""


class Content(NamedTuple):
    """A content and where its chunks are in it."""

    of: Unembedded
    data: bytes
    places: list[Place]


class Embedded(NamedTuple):
    """The vectors of a content's chunks: whole numbers of 8 bits, one row after the other, and their bits."""

    vectors: bytes
    bits: bytes


def read_content(connection: Connection, reader: Reader, of: Unembedded, max_bytes: int) -> Content | None:
    """Read a content from its file; None if it does not stand there any more."""
    try:
        raw, _ = reader.read(of.path, max_bytes)
    except OSError:
        return None
    data = to_utf8(raw)
    row = connection.execute("SELECT key, language FROM blob WHERE id = ?", (of.blob,)).fetchone()
    if data is None or row is None or blob_key(data, row[1], format_of(of.path)) != row[0]:
        return None
    places: list[Place] = connection.execute(
        "SELECT symbol, start_line, end_line FROM chunk WHERE id >= ? AND id < ? ORDER BY id",
        (of.first_chunk, of.first_chunk + of.chunks),
    ).fetchall()
    return Content(of, data, places) if len(places) == of.chunks else None


def embed_contents(embedder: "Embedder", contents: Sequence[tuple[bytes, Sequence[Place]]]) -> list[Embedded]:
    """Return the vectors of some contents, each a text in UTF-8 and the places of its chunks.

    Raises:
        ModelError: As the embedder.
    """
    from codelab.index.bits import to_bits, to_int8

    texts = [text for data, places in contents for text in _texts(data, places, words=embedder.takes_words)]
    vectors = embedder.embed_passages(texts)
    numbers, bits = to_int8(vectors), to_bits(vectors)
    found = []
    first = 0
    for _, places in contents:
        after = first + len(places)
        found.append(Embedded(numbers[first:after].tobytes(), bits[first:after].tobytes()))
        first = after
    return found


def _texts(data: bytes, places: Sequence[Place], *, words: bool) -> list[str]:
    starts = list(accumulate(map(len, data.splitlines(keepends=True)), initial=0))
    words_between = SpacedText(data).words
    found = []
    for symbol, start, end in places:
        low, high = starts[start - 1], starts[end]
        if words:
            found.append(f"{words_of(symbol)} {words_between(low, high)}".strip())
        else:
            found.append(f"{symbol}\n{data[low:high].decode('utf-8', 'replace')}".strip())
    return found
