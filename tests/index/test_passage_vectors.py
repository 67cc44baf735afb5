"""The bundled embedder is given rows of its table, and gives what it gives for the words."""

import numpy as np
import pytest

from codelab.index.embedding.passage_vectors import Place, embed_contents
from codelab.index.storing.bits import to_bits, to_int8
from codelab.index.words import words_of
from codelab_models.embedder.bundled import BundledEmbedder, load

pytestmark = pytest.mark.req("INDEX-5")

PLAIN = b"def sendAll(items):\n    for item in items:\n        send(item)\n\nclass Ol:\n    name = 1\n"
OTHER = "# Größe und 検索処理\nLÄNGE = getHTTPResponse2(größe)\n\nx = 1\n".encode()


@pytest.fixture(scope="module")
def embedder() -> BundledEmbedder:
    return load()


@pytest.mark.parametrize(
    ("data", "places"),
    [
        (PLAIN, [("sendAll", 1, 3), ("Ol", 5, 6), ("", 4, 4)]),
        (OTHER, [("", 1, 2), ("x", 4, 4)]),
        (PLAIN * 900, [("", 1, 5400), ("Ol.name", 5, 6)]),
    ],
)
def test_a_chunk_has_the_vector_of_its_words(
    embedder: BundledEmbedder, data: bytes, places: list[Place]
) -> None:
    (made,) = embed_contents(embedder, [(data, places)])
    lines = data.decode().splitlines(keepends=True)
    words = [
        f"{words_of(symbol)} {words_of(''.join(lines[start - 1 : end]))}" for symbol, start, end in places
    ]
    expected = embedder.embed_passages(words)
    vectors = np.frombuffer(made.vectors, np.int8).reshape(expected.shape)
    assert np.abs(vectors - to_int8(expected).astype(int)).max() <= 1, "but for rounding"
    assert (
        np.unpackbits(np.frombuffer(made.bits, np.uint8) ^ to_bits(expected).view(np.uint8).ravel()).mean()
        < 0.01
    )
    assert vectors.any(axis=1).tolist() == [bool(one.strip()) for one in words]


def test_contents_that_are_embedded_together_keep_their_vectors_apart(embedder: BundledEmbedder) -> None:
    first: tuple[bytes, list[Place]] = (PLAIN, [("sendAll", 1, 3)])
    second: tuple[bytes, list[Place]] = (OTHER, [("", 1, 2), ("", 3, 3)])
    together = embed_contents(embedder, [first, second])
    assert [len(one.vectors) for one in together] == [embedder.dimensions, 2 * embedder.dimensions]
    for one, alone in zip(together, (first, second), strict=True):
        expected = np.frombuffer(embed_contents(embedder, [alone])[0].vectors, np.int8).astype(int)
        assert np.abs(np.frombuffer(one.vectors, np.int8) - expected).max() <= 1
