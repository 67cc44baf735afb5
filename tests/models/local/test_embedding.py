"""Vectors from a GGUF file, in the index and in search."""

import base64
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import ModelError
from codelab.index.building.build import WorktreeIndexer
from codelab.index.embedding.background import embed_worktree
from codelab.index.files.repository import find_repository, index_folder
from codelab.index.searching.similar import SimilarPassages
from codelab.index.storing.database import database_path
from codelab.store import sqlite
from codelab_models.embedders import open_embedder, source_of, still_allowed
from tests.index.helpers import write
from tests.support.gguf_models import write_encoder, write_random
from tests.support.local_models import host_client
from tests.support.model_host import own_places, pid_of_host

pytestmark = [pytest.mark.req("INDEX-5", "MODEL-2"), pytest.mark.local]


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with own_places() as found:
        pid_of_host(found, Settings())
        yield found


def embedding_with(path: Path) -> Settings:
    return Settings(models=ModelSettings(embedding=f"gguf:{path}"))


def test_an_encoder_makes_vectors_in_which_the_like_is_near(places: Places, tmp_path: Path) -> None:
    settings = embedding_with(write_encoder(tmp_path / "encoder.gguf"))
    embedder = open_embedder(source_of(settings.models), places, settings, {})
    assert embedder is not None
    vectors = embedder.embed_passages(["def read(path)", "def read(file)", "zzz 999", "", "x" * 20_000])
    assert vectors.shape == (5, embedder.dimensions) == (5, 64)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert embedder.embed_queries(["def read(path)"])[0] == pytest.approx(vectors[0], abs=1e-3)


def test_a_model_for_chat_can_embed_and_another_file_has_another_recipe(
    places: Places, tmp_path: Path
) -> None:
    path = tmp_path / "chat.gguf"
    recipes = set()
    for seed in (1, 2):
        settings = embedding_with(write_random(path, seed=seed))
        embedder = open_embedder(source_of(settings.models), places, settings, {})
        assert embedder is not None
        assert embedder.dimensions == 64
        recipes.add(embedder.recipe)
    assert len(recipes) == 2


def test_the_index_has_its_vectors_and_search_asks_for_the_query_s(places: Places, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    write(root, "== boats.py\ndef sail():\n    pass\n== bread.py\nOVEN = {'zzz999': 'zzz999'}\n")
    settings = embedding_with(write_encoder(tmp_path / "encoder.gguf"))
    with WorktreeIndexer(root, places, settings) as indexer:
        status = indexer.sweep()
    folder = index_folder(places, find_repository(root))
    done = embed_worktree(root, folder, places, settings)
    assert (done.error, done.complete, done.embedded) == ("", True, status.chunks)
    assert done.embedder.startswith(f"gguf:{tmp_path}")
    connection = sqlite.connect(database_path(folder), read_only=True, vectors=True)
    try:
        found = SimilarPassages(places, settings, seconds=100).find(connection, 1, "def sail(): pass", 10)
        assert found.note == ""
        ((nearest,),) = connection.execute(
            "SELECT p.path FROM chunk c JOIN file f ON f.blob = c.blob JOIN path p ON p.id = f.path"
            " WHERE c.id = ?",
            (max(found.chunks, key=lambda chunk: found.chunks[chunk]),),
        ).fetchall()
    finally:
        connection.close()
    assert nearest == "boats.py"


def test_a_file_that_is_not_there_is_told_before_anything_is_asked(places: Places, tmp_path: Path) -> None:
    settings = embedding_with(tmp_path / "none.gguf")
    with pytest.raises(ModelError, match=r"none\.gguf cannot be read"):
        open_embedder(source_of(settings.models), places, settings, {})


def test_queries_go_to_a_file_whatever_endpoint_is_set() -> None:
    source = source_of(ModelSettings(embedding="gguf:/a.gguf", endpoint="http://127.0.0.1:1/v1"))
    assert source == source_of(ModelSettings(embedding="gguf:/a.gguf"))
    assert still_allowed(source, ModelSettings(embedding="gguf:/b.gguf")) == source
    assert still_allowed(source, ModelSettings(embedding="openai/x")) == ""


async def test_the_api_gives_numbers_or_base64_and_counts(places: Places, tmp_path: Path) -> None:
    path = write_encoder(tmp_path / "encoder.gguf")
    body = {"model": f"gguf:{path}", "input": [f"word {n}" for n in range(20)]}
    async with host_client(places) as client:
        plain = (await client.post("/embeddings", json=body)).json()
        packed = (await client.post("/embeddings", json={**body, "encoding_format": "base64"})).json()
        refused = await client.post("/embeddings", json={**body, "dimensions": 7})
    assert [entry["index"] for entry in plain["data"]] == list(range(20))
    unpacked = array("f", base64.b64decode(packed["data"][19]["embedding"])).tolist()
    assert unpacked == pytest.approx(plain["data"][19]["embedding"], abs=1e-3)
    assert plain["usage"]["total_tokens"] > 20
    assert refused.status_code == 400
