"""Embedders of the sentence-transformers kind: found, read, computed in a process of the model host."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import ModelError
from codelab.index.building.build import WorktreeIndexer
from codelab.index.embedding.background import embed_worktree
from codelab_models.embedders import open_embedder, source_of, still_allowed
from codelab_models.embedding import Embedder
from codelab_models.host.local.plan import Purpose
from codelab_models.host.local.pool import LocalPool
from codelab_models.naming import as_setting
from codelab_models.sentence_models import read_sentence_model, sentence_file
from tests.index.helpers import write
from tests.support.local_models import host_client
from tests.support.model_host import own_places, pid_of_host
from tests.support.onnx_models import write_sentence_model

pytestmark = [pytest.mark.req("INDEX-5", "MODEL-2")]

WORDS = ("read", "file", "path", "oven", "bread", "query:", "passage:", "query", "passage", ":")


def embedder_in(folder: Path, places: Places) -> Embedder:
    settings = Settings(models=ModelSettings(embedding=f"sentence-transformers:{folder}"))
    found = open_embedder(source_of(settings.models), places, settings, {})
    assert found is not None
    return found


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with own_places() as found:
        pid_of_host(found, Settings())
        yield found


@pytest.mark.slow
def test_the_like_is_near_and_all_vectors_have_length_one(places: Places, tmp_path: Path) -> None:
    embedder = embedder_in(write_sentence_model(tmp_path / "tiny", WORDS, tokens=8), places)
    texts = ["read the file", "read file", "bread in the oven", "", "read " * 2000]
    vectors = embedder.embed_passages(texts)
    assert vectors.shape == (5, embedder.dimensions) == (5, 16)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 0, 1], abs=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert embedder.embed_queries(["read file"])[0] == pytest.approx(vectors[1], abs=1e-5)


@pytest.mark.slow
def test_the_pooling_and_the_prompts_are_those_that_its_files_name(places: Places, tmp_path: Path) -> None:
    first = {
        "pooling_mode_cls_token": True,
        "pooling_mode_mean_tokens": False,
        "word_embedding_dimension": 16,
    }
    embedder = embedder_in(write_sentence_model(tmp_path / "first", WORDS, pooling=first), places)
    one, other = embedder.embed_passages(["read bread", "read file path"])
    assert one == pytest.approx(other, abs=1e-5), "the first token alone counts"
    prompts = {"query": "query: ", "document": "passage: "}
    asking = embedder_in(write_sentence_model(tmp_path / "asking", WORDS, prompts=prompts), places)
    plain = embedder_in(write_sentence_model(tmp_path / "plain", WORDS), places)
    expected = plain.embed_queries(["query: read", "passage: read"])
    assert asking.embed_queries(["read"])[0] == pytest.approx(expected[0], abs=1e-5)
    assert asking.embed_passages(["read"])[0] == pytest.approx(expected[1], abs=1e-5)


@pytest.mark.slow
def test_an_index_has_its_vectors_and_another_model_makes_others(places: Places, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    write(root, "== boats.py\ndef sail():\n    pass\n")
    folder = write_sentence_model(tmp_path / "tiny", WORDS)
    settings = Settings(models=ModelSettings(embedding=f"sentence-transformers:{folder}"))
    with WorktreeIndexer(root, places, settings) as indexer:
        status = indexer.sweep()
        done = embed_worktree(root, indexer.folder, places, settings)
    assert (done.error, done.complete, done.embedded) == ("", True, status.chunks)
    before = embedder_in(folder, places).recipe
    assert done.embedder == before
    write_sentence_model(folder, WORDS, seed=2)
    assert embedder_in(folder, places).recipe != before


@pytest.mark.slow
def test_a_damaged_file_is_refused_in_words(places: Places, tmp_path: Path) -> None:
    folder = write_sentence_model(tmp_path / "tiny", WORDS)
    (folder / "onnx" / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"model\.onnx cannot be loaded"):
        embedder_in(folder, places).embed_queries(["read"])


@pytest.mark.slow
async def test_asked_to_write_it_says_that_it_cannot(places: Places, tmp_path: Path) -> None:
    folder = write_sentence_model(tmp_path / "tiny", WORDS)
    body = {"model": f"sentence-transformers:{folder}", "messages": [{"role": "user", "content": "hi"}]}
    async with host_client(places) as client:
        refused = await client.post("/chat/completions", json=body)
    assert refused.status_code == 400
    assert "make vectors and cannot write" in refused.text


async def test_without_onnxruntime_it_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_sentence_model(tmp_path / "tiny", WORDS)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as if it were not there
    pool = LocalPool(ModelSettings)
    with pytest.raises(ModelError, match="need onnxruntime, which is not installed") as told:
        async with pool.turn(folder / "onnx" / "model.onnx", Purpose.SENTENCES):
            pass
    assert "codelab[onnx]" in told.value.fix


async def test_a_model_that_is_too_large_for_the_machine_is_refused(tmp_path: Path) -> None:
    folder = write_sentence_model(tmp_path / "tiny", WORDS)
    pool = LocalPool(lambda: ModelSettings(local_memory_gb=0.01))
    with pytest.raises(ModelError, match="too large for this machine"):
        async with pool.turn(folder / "onnx" / "model.onnx", Purpose.SENTENCES):
            pass


def test_a_name_is_found_in_folders_for_models_and_in_the_cache_of_the_hub(tmp_path: Path) -> None:
    own = write_sentence_model(tmp_path / "own" / "tiny", WORDS)
    cached = tmp_path / "hub" / "models--some--small"
    snapshot = write_sentence_model(cached / "snapshots" / "abc", WORDS)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("abc")
    folders = (tmp_path / "own", tmp_path / "hub")
    for name, found in {
        "tiny": own / "onnx/model.onnx",
        "some/small": snapshot / "onnx/model.onnx",
        str(own): own / "onnx/model.onnx",
        str(own / "onnx" / "model.onnx"): own / "onnx/model.onnx",
    }.items():
        assert sentence_file(f"sentence-transformers:{name}", folders) == found
        setting = f"sentence-transformers:{name}"
        assert as_setting("embedding", setting, folders) == setting


@pytest.mark.parametrize("name", ["none", "/nowhere/none"])
def test_what_is_not_there_is_told_and_nothing_is_downloaded(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no embedder") as told:
        sentence_file(f"sentence-transformers:{name}", (tmp_path,))
    assert ("hf download sentence-transformers/none" in told.value.fix) == (name == "none")


def test_a_folder_without_an_onnx_file_is_told(tmp_path: Path) -> None:
    (write_sentence_model(tmp_path / "tiny", WORDS) / "onnx" / "model.onnx").unlink()
    with pytest.raises(ModelError, match="has no ONNX file"):
        sentence_file("sentence-transformers:tiny", (tmp_path,))


def damage_modules(folder: Path) -> None:
    modules = json.loads((folder / "modules.json").read_text())
    modules.append({"path": "3_Dense", "type": "sentence_transformers.models.Dense"})
    (folder / "modules.json").write_text(json.dumps(modules))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.json is not there"),
    "a part more": (damage_modules, "'Dense'"),
    "modules are no list": (lambda folder: (folder / "modules.json").write_text("{}"), "holds no list"),
    "no JSON": (lambda folder: (folder / "sentence_bert_config.json").write_text("{"), "cannot be read"),
    "no object": (lambda folder: (folder / "1_Pooling" / "config.json").write_text("[]"), "holds no object"),
    "two ways at once": (
        lambda folder: (folder / "1_Pooling" / "config.json").write_text(
            '{"pooling_mode_cls_token": true, "pooling_mode_max_tokens": true}'
        ),
        "joined by pooling_mode_cls_token, pooling_mode_max_tokens",
    ),
    "an unknown way": (
        lambda folder: (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode": "weighted"}'),
        "joined by weighted",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_not_understood_is_refused_in_words(name: str, tmp_path: Path) -> None:
    damage, said = DAMAGE[name]
    folder = write_sentence_model(tmp_path / "tiny", WORDS)
    damage(folder)
    with pytest.raises(ModelError) as told:
        read_sentence_model(folder / "onnx" / "model.onnx")
    assert said in told.value.why


def test_limits_and_pooling_are_read_in_both_forms(tmp_path: Path) -> None:
    folder = write_sentence_model(tmp_path / "tiny", WORDS, pooling={"pooling_mode": "lasttoken"}, tokens=7)
    known = read_sentence_model(folder / "onnx" / "model.onnx")
    assert (known.pooling, known.tokens, known.query, known.passage) == ("lasttoken", 7, "", "")
    (folder / "sentence_bert_config.json").unlink()
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 9}')
    assert read_sentence_model(folder / "onnx" / "model.onnx").tokens == 9
    (folder / "tokenizer_config.json").unlink()
    assert read_sentence_model(folder / "onnx" / "model.onnx").tokens == 512


def test_queries_stay_on_this_machine_whatever_endpoint_is_set() -> None:
    source = source_of(ModelSettings(embedding="sentence-transformers:a", endpoint="http://127.0.0.1:1/v1"))
    assert source == source_of(ModelSettings(embedding="sentence-transformers:a"))
    assert still_allowed(source, ModelSettings(embedding="gguf:/b.gguf")) == source
    assert still_allowed(source, ModelSettings(embedding="openai/x")) == ""
