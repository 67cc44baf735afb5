"""The bundled embedder: vectors from a table, with no download."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codelab.index.words import words_of
from codelab_models.embedder.bundled import BundledEmbedder, load
from codelab_models.embedder.table import DATA_FILES, read_shape, read_table
from codelab_models.embedding import Embedder
from tests.support.source_tree import ROOT

MOST_BYTES = 16_000_000
ANY_WORDS = st.lists(st.text(min_size=1, max_size=12), max_size=20).map(" ".join)


@pytest.fixture(scope="module")
def embedder() -> BundledEmbedder:
    return load()


def check_rows(vectors: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]", texts: Sequence[str]) -> None:
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(texts), load().dimensions)
    for vector, text in zip(vectors, texts, strict=True):
        assert np.linalg.norm(vector) == pytest.approx(1.0 if text.split() else 0.0, abs=1e-4)


@pytest.mark.req("INDEX-5")
@settings(max_examples=50, deadline=None)
@given(st.lists(ANY_WORDS, max_size=6))
def test_every_text_in_any_script_has_a_vector_of_length_one_or_zeros_if_it_has_no_words(
    texts: list[str],
) -> None:
    check_rows(load().embed_passages(texts), texts)
    check_rows(load().embed_queries(texts), texts)


@pytest.mark.req("INDEX-5")
def test_a_text_has_the_same_vector_whatever_it_is_embedded_with(embedder: BundledEmbedder) -> None:
    texts = [f"word{n} parse file {n}" for n in range(3000)]
    together = embedder.embed_passages(texts)
    for n in (0, 1, 1499, 2999):
        assert np.allclose(together[n], embedder.embed_passages([texts[n]])[0], atol=1e-6)


@pytest.mark.req("INDEX-5")
def test_a_text_longer_than_what_is_worked_on_at_once_is_embedded_whole(embedder: BundledEmbedder) -> None:
    long = " ".join(f"word{n}" for n in range(20_000))
    check_rows(embedder.embed_passages(["read file", long, ""]), ["read file", long, ""])


@pytest.mark.req("INDEX-5")
def test_words_without_a_row_of_their_own_still_tell_texts_apart(embedder: BundledEmbedder) -> None:
    one, other = embedder.embed_passages(["qzxvkjw", "wjkvxzqq"])
    assert np.linalg.norm(one) == pytest.approx(1.0, abs=1e-4)
    assert float(one @ other) < 0.9


@pytest.mark.req("INDEX-5")
@pytest.mark.parametrize(
    ("query", "right", "wrong"),
    [
        ("remove a directory", "def rmtree(path): os.rmdir(path)", "def blend(color): return color.alpha"),
        ("store results for later", "cache.get(key) cache.set(key, value)", "socket.connect(host, port)"),
        ("wait until another thread ends", "worker.join(timeout)", "html.escape(text)"),
    ],
)
def test_what_means_the_same_in_other_words_is_nearer(
    embedder: BundledEmbedder, query: str, right: str, wrong: str
) -> None:
    asked = embedder.embed_queries([words_of(query)])[0]
    near, far = embedder.embed_passages([words_of(right), words_of(wrong)])
    assert float(asked @ near) > float(asked @ far)


@pytest.mark.req("INDEX-5")
def test_the_card_names_the_very_table_that_is_bundled_and_it_is_small() -> None:
    package = files("codelab_models.embedder")
    card = (package / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert read_shape().digest in card
    assert sum(len((package / "data" / name).read_bytes()) for name in DATA_FILES) < MOST_BYTES


@pytest.mark.req("INDEX-5")
def test_the_card_names_every_source_with_its_licence() -> None:
    package = files("codelab_models.embedder")
    card = (package / "MODEL_CARD.md").read_text(encoding="utf-8")
    sources = json.loads((ROOT / "scripts" / "embedder" / "sources.json").read_text(encoding="utf-8"))
    assert sources
    for source in sources:
        assert re.search(rf"\| {re.escape(source['name'])} \| {re.escape(source['version'])} \|", card), (
            source
        )


@pytest.mark.req("INDEX-5")
def test_it_is_an_embedder_and_importing_it_leaves_numpy_alone() -> None:
    embedder: Embedder = load()
    assert embedder.takes_words
    code = "import sys, codelab_models.embedder.bundled; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.req("INDEX-5")
def test_what_the_embedder_is_can_be_told_without_reading_its_table() -> None:
    assert read_shape().dimensions == read_table().rows.shape[1]
    program = (
        "import sys; from codelab_models.embedder.bundled import load; print(load().recipe);"
        "assert 'numpy' not in sys.modules; load().embed_queries(['word']); assert 'numpy' in sys.modules"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == load().recipe
