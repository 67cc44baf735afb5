"""Counting tokens by the model's own tokenizer, where a server knows it."""

from dataclasses import replace
from pathlib import Path

import pytest

from codelab.config.settings import ModelSettings
from codelab_models.accounts.counted import CountedModel
from codelab_models.client import EndpointModel
from codelab_models.counting import count_at, count_tokens
from codelab_models.host.calls import ModelCall
from codelab_models.host.local.child.pieces import MOST_TOKENS, Pieces
from codelab_models.host.servers_backend import ServersBackend
from codelab_models.in_turn import ModelsInTurn
from codelab_models.naming import EDITOR
from codelab_models.transport import Address
from codelab_models.wire import ChatRequest, Message, ToolSpec
from tests.support.model_server import scripted_model
from tests.support.tokenizers import as_llama_cpp, as_vllm

pytestmark = pytest.mark.req("MODEL-4", "MODEL-7")

MESSAGES = (Message("system", "Be brief."), Message("user", "one two three"))
REQUEST = ChatRequest(MESSAGES, model="m")
WITH_TOOLS = replace(REQUEST, tools=(ToolSpec("read", "Reads a file.", {"type": "object"}),))
GUARD_SECONDS = 30.0
SERVERS = {"vLLM": as_vllm, "llama.cpp": as_llama_cpp}


@pytest.mark.parametrize("server", SERVERS)
async def test_a_server_that_has_a_path_for_it_counts_the_conversation_and_its_tools(server: str) -> None:
    async with scripted_model([]) as model:
        model.tokenizers = SERVERS[server]()
        endpoint = EndpointModel(model.base_url, api_key="canary-key", count_seconds=GUARD_SECONDS)
        assert await count_tokens(endpoint, REQUEST) == 5
        assert (await count_tokens(endpoint, WITH_TOOLS) or 0) > 5
        assert {request.key for request in model.counted} == {"canary-key"}


@pytest.mark.parametrize("server", SERVERS)
async def test_a_text_is_counted_too(server: str) -> None:
    async with scripted_model([]) as model:
        model.tokenizers = SERVERS[server]()
        asked = {"model": "m", "prompt": "one two three"}
        assert await count_at(Address(model.base_url), asked, GUARD_SECONDS) == 3


@pytest.mark.parametrize("asked_by", ["face", "host"])
async def test_a_server_that_has_no_such_path_is_asked_once(asked_by: str) -> None:
    async with scripted_model([]) as model:
        endpoint, backend = EndpointModel(model.base_url, count_seconds=GUARD_SECONDS), ServersBackend()
        fields = {"messages": [{"role": "user", "content": "hello"}]}
        call = ModelCall("openai/m", fields, False, "", {"api_base": model.base_url})
        for _ in range(3):
            counted = await (count_tokens(endpoint, REQUEST) if asked_by == "face" else backend.count(call))
            assert counted == 0
        assert len(model.counted) == 1


async def test_a_server_that_is_silent_or_gone_is_not_waited_for() -> None:
    async with scripted_model([]) as model:
        model.tokenizers = {"/tokenize": lambda _: None}
        assert await count_tokens(EndpointModel(model.base_url, count_seconds=0.05), REQUEST) is None
        endpoint = EndpointModel(model.base_url, count_seconds=GUARD_SECONDS)
        model.tokenizers = as_vllm()
        assert await count_tokens(endpoint, REQUEST) == 5
    assert await count_tokens(endpoint, REQUEST) is None


@pytest.mark.parametrize("said", [{}, [], {"error": "Unexpected endpoint"}, {"count": "7"}, {"count": None}])
async def test_what_is_no_count_is_none(said: object) -> None:
    async with scripted_model([]) as model:
        model.tokenizers = {"/tokenize": lambda _: said or {}}
        assert await count_tokens(EndpointModel(model.base_url, count_seconds=GUARD_SECONDS), REQUEST) == 0


async def test_a_provider_behind_tls_is_not_sent_the_conversation_for_a_count() -> None:
    assert await count_tokens(EndpointModel("http://127.0.0.1:1"), REQUEST) is None
    assert await count_tokens(EndpointModel("https://127.0.0.1:1"), REQUEST) == 0


async def test_a_count_is_asked_of_the_model_that_would_be_asked_first(tmp_path: Path) -> None:
    async with scripted_model([]) as model:
        model.tokenizers = as_vllm()
        endpoint = EndpointModel(model.base_url, count_seconds=GUARD_SECONDS)
        counted = CountedModel(endpoint, tmp_path / "models.db", ModelSettings(), provider="p")
        in_turn = ModelsInTurn(counted, EndpointModel("https://127.0.0.1:1"), ("m",), at_once=False)
        assert await count_tokens(in_turn, REQUEST) == 5
        assert await count_tokens(in_turn, replace(REQUEST, model=EDITOR)) == 0
        assert model.counted[0].body["model"] == "m"


def words(made: list[str]) -> Pieces:
    """Return pieces whose tokens are the lengths of words, noting in a list what had to be tokenized."""

    def tokenize(text: str) -> list[int]:
        made.append(text)
        return [len(word) for word in text.split()]

    return Pieces(tokenize, lambda text: text in ("<|turn|>", "[INST]"))


def test_only_the_new_end_of_a_conversation_is_tokenized() -> None:
    made: list[str] = []
    pieces = words(made)
    first = "<|turn|> one <b> two <|turn|> three"
    assert pieces.tokens(first) == [8, 3, 3, 3, 8, 5]
    assert made == ["<|turn|> one <b> two ", "<|turn|> three"]
    assert pieces.tokens(f"{first} [INST] four") == [8, 3, 3, 3, 8, 5, 6, 4]
    assert made[2:] == ["<|turn|> three ", "[INST] four"]
    assert pieces.tokens(first) == [8, 3, 3, 3, 8, 5]
    assert len(made) == 4


def test_what_is_remembered_of_conversations_is_bounded() -> None:
    made: list[str] = []
    pieces = words(made)
    texts = [f"{number} " + "a " * (MOST_TOKENS // 4) for number in range(5)]
    for text in texts:
        pieces.tokens(text)
    pieces.tokens(texts[-1])
    assert len(made) == 5
    pieces.tokens(texts[0])
    assert len(made) == 6
