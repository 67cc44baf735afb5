"""The texts of chunks, as embedders get them."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from codelab.index.embedding.passage_vectors import Place, embed_contents
from codelab.index.parsing.analyse import analyse
from codelab.index.storing.bits import to_int8
from codelab_models.embedders import bundled_embedder

pytestmark = pytest.mark.req("INDEX-2", "INDEX-5")


class Listening:
    """An embedder that keeps what it is given."""

    recipe, dimensions = "listening", 64

    def __init__(self, *, takes_words: bool) -> None:
        self.takes_words = takes_words
        self.heard: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.heard += texts
        return np.eye(len(texts), self.dimensions, dtype=np.float32)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed_passages(texts)


def heard(path: str, text: str, *, words: bool) -> tuple[list[str], list[str]]:
    """Return what an embedder gets for each chunk of a file, and the words of each as the index has them."""
    data = text.encode()
    rows = analyse(path, data)
    places: list[Place] = [(symbol, start, end) for start, end, _, symbol, *_ in rows.chunks]
    embedder = Listening(takes_words=words)
    embed_contents(embedder, [(data, places)])
    return embedder.heard, [f"{name} {body}".strip() for *_, name, body in rows.chunks]


def test_the_bundled_embedder_makes_of_a_long_line_what_it_makes_of_the_words_of_its_chunks() -> None:
    embedder = bundled_embedder()
    assert embedder is not None
    path, text = LINES["a line of many chunks"]
    rows = analyse(path, text.encode())
    places: list[Place] = [(symbol, start, end) for start, end, _, symbol, *_ in rows.chunks]
    (made,) = embed_contents(embedder, [(text.encode(), places)])
    expected = embedder.embed_passages([f"{name} {body}".strip() for *_, name, body in rows.chunks])
    assert made.vectors == to_int8(expected).tobytes()


LINES = {
    "a line of many chunks": ("data.txt", " ".join(f"word{n}" for n in range(20_000)) + "\nlast line\n"),
    "several such lines": (
        "data.txt",
        "\n".join(" ".join(f"row{row}n{n}" for n in range(900)) for row in range(5)),
    ),
    "a minified script": ("lib.min.js", "".join(f"function f{n}(a){{return a+{n}}};" for n in range(2_000))),
    "letters of several bytes": ("data.txt", "\u00fcber" * 5_000 + "\nend\n"),
    "plain code": ("plain.py", "def one():\n    return 1\n\n\ndef two(a):\n    return [a, 2, a]\n" * 40),
}


@pytest.mark.parametrize("name", LINES)
def test_each_chunk_is_embedded_by_its_own_words(name: str) -> None:
    found, indexed = heard(*LINES[name], words=True)
    assert found == indexed


@pytest.mark.parametrize("name", LINES)
def test_all_texts_together_are_hardly_longer_than_the_file(name: str) -> None:
    path, text = LINES[name]
    found, _ = heard(path, text, words=False)
    assert sum(map(len, found)) < 1.5 * len(text) + 1000
