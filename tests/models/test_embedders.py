"""Embedders by choice: an endpoint, or a provider through the model host, over real HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import ModelError
from codelab_models.embedders import BUNDLED, open_embedder, source_of, still_allowed, without_passwords
from codelab_models.embedding import Embedder
from codelab_models.embedding_client import MOST_TEXTS
from codelab_models.failures import FailureKind, kind_of
from tests.support.model_host import own_places, pid_of_host
from tests.support.model_server import scripted_model

pytestmark = [pytest.mark.req("INDEX-5", "MODEL-2")]

CANARY = "sk-canary-7"
PLACES = Places.__new__(Places)  # nothing is looked up there where an endpoint is asked


def settings_with(**models: Any) -> Settings:
    return Settings(models=ModelSettings(**models))


def embedder_of(settings: Settings, places: Places = PLACES) -> Embedder:
    found = open_embedder(source_of(settings.models), places, settings, {"OPENAI_API_KEY": CANARY})
    assert found is not None
    return found


def test_an_endpoint_makes_vectors_of_length_one_in_the_order_of_the_texts() -> None:
    with scripted_model([]) as server:
        embedder = embedder_of(settings_with(endpoint=server.base_url, embedding="small"))
        texts = [f"word{chr(97 + n % 26)} {n}" for n in range(MOST_TEXTS + 6)]
        vectors = embedder.embed_passages(texts)
        assert vectors.shape == (len(texts), embedder.dimensions) == (MOST_TEXTS + 6, 64)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0)
        assert vectors[3] @ vectors[29] == pytest.approx(1.0)  # the same letters
        assert [len(request.body["input"]) for request in server.embedded] == [MOST_TEXTS, 6]
        assert server.embedded[0].body["model"] == "small"
        assert server.embedded[0].key == CANARY


def test_the_recipe_names_the_model_and_where_it_is_and_no_key() -> None:
    one = embedder_of(settings_with(endpoint="http://127.0.0.1:9/v1", embedding="a"))
    other = embedder_of(settings_with(endpoint="http://127.0.0.1:9/v1", embedding="b"))
    third = embedder_of(settings_with(endpoint="http://user:pass@127.0.0.1:8/v1", embedding="a"))
    assert len({one.recipe, other.recipe, third.recipe}) == 3
    assert "pass" not in third.recipe


def one_vector(row: list[Any], **more: Any) -> str:
    return json.dumps({"data": [{"index": 0, "embedding": row}], **more})


K = FailureKind
UNSUITABLE = {
    "not a number": ({"raw": one_vector([1.0, float("nan")])}, K.GARBAGE, "no number"),
    "text in it": ({"raw": one_vector([1.0, "x"])}, K.GARBAGE, "no number"),
    "another length": ({"raw": one_vector([1.0] * 65)}, K.GARBAGE, "64, 65"),
    "too few": ({"raw": '{"data": []}'}, K.GARBAGE, "0 vectors for 1 texts"),
    "too many": ({"raw": '{"data": [{"index": 7, "embedding": [1.0]}]}'}, K.GARBAGE, "no vector"),
    "a web page": ({"raw": "<html>"}, K.GARBAGE, "<html>"),
    "busy": ({"status": 429, "message": "slow down", "retry_after": "7"}, K.BUSY, "7 s"),
    "wrong key": ({"status": 401, "message": f"bad key {CANARY}"}, K.KEY, "[key]"),
}


@pytest.mark.parametrize("name", UNSUITABLE)
def test_an_unsuitable_answer_is_told_in_words(name: str) -> None:
    step, kind, says = UNSUITABLE[name]
    with scripted_model([]) as server:
        embedder = embedder_of(settings_with(endpoint=server.base_url, embedding="small"))
        assert embedder.dimensions == 64
        server.embedding_steps.append(step)
        with pytest.raises(ModelError) as caught:
            embedder.embed_passages(["text"])
        assert kind_of(caught.value) is kind
        assert says in str(caught.value)
        assert CANARY not in str(caught.value)
        assert embedder.embed_passages(["text"]).shape == (1, 64)  # it goes on as if nothing had been


def test_a_server_that_is_not_there_is_told_in_words() -> None:
    embedder = embedder_of(settings_with(endpoint="http://127.0.0.1:9/v1", embedding="small"))
    with pytest.raises(ModelError, match="cannot be reached"):
        embedder.embed_passages(["text"])


def asked_for(before: dict[str, str], now: dict[str, str]) -> str:
    """Return the source that serves from before, with settings as they are now."""
    stored = without_passwords(source_of(ModelSettings.model_validate(before)))
    return still_allowed(stored, ModelSettings.model_validate(now))


def test_no_query_goes_where_the_settings_no_longer_point() -> None:
    old = {"endpoint": "http://me:pw@old.example/v1", "embedding": "a"}
    again = asked_for(old, {**old, "embedding": "b"})
    assert json.loads(again) == {"model": "a", "endpoint": old["endpoint"], "api_base": ""}
    assert not asked_for(old, {"endpoint": "http://new.example/v1", "embedding": "b"})
    assert not asked_for(old, {})
    cloud = {"embedding": "openai/text-embedding-3-small"}
    assert asked_for(cloud, {"embedding": "openai/text-embedding-3-large"})
    assert not asked_for(cloud, {"embedding": "ollama/nomic-embed-text"})
    assert not asked_for(cloud, {**cloud, "api_base": "http://other.example/v1"})
    assert not asked_for(cloud, {"embedding": "none"})
    assert still_allowed(BUNDLED, ModelSettings(embedding="none")) == BUNDLED


def test_no_password_is_stored_with_the_vectors() -> None:
    source = source_of(ModelSettings(endpoint="http://me:pw@old.example/v1", embedding="a"))
    assert "pw" in source  # the control
    assert "pw" not in without_passwords(source)
    assert "old.example" in without_passwords(source)


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with own_places() as found:
        pid_of_host(found, Settings())  # before a test begins, which may leave no process behind
        yield found


@pytest.mark.slow
def test_a_provider_is_asked_through_the_model_host(places: Places) -> None:
    with scripted_model([]) as server:
        settings = settings_with(embedding="openai/small", api_base=server.base_url)
        embedder = embedder_of(settings, places)
        vectors = embedder.embed_passages(["one two", "three", "two one"])
        assert vectors.shape == (3, 64)
        assert vectors[0] @ vectors[2] == pytest.approx(1.0)
        assert server.embedded[0].key == CANARY
        assert server.embedded[0].body["model"] == "small"
        server.embedding_steps.append({"status": 401, "message": f"no {CANARY}"})
        with pytest.raises(ModelError) as caught:
            embedder.embed_passages(["text"])
        assert kind_of(caught.value) is FailureKind.KEY
        assert CANARY not in str(caught.value)
