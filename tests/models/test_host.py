"""The model host with litellm in it, asked as the faces do, in front of a scripted provider."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import ModelError, NoModel
from codelab_models.chat import ChatModel
from codelab_models.connect import open_chat_model
from codelab_models.counting import count_tokens
from codelab_models.encoding import request_body
from codelab_models.failures import FailureKind, kind_of
from codelab_models.rendezvous import find_rendezvous
from codelab_models.start import ask_health, ensure_host, ready_host
from codelab_models.wire import ChatRequest, Completion, Message, TextDelta, ToolSpec
from tests.support.model_host import end_process, own_places, pid_of_host, started_hosts
from tests.support.model_server import When, scripted_model
from tests.support.tokenizers import as_vllm, words_in

pytestmark = [pytest.mark.req("MODEL-2", "MODEL-4"), pytest.mark.slow]

QUESTION = ChatRequest((Message("user", "hello"),), (ToolSpec("read", "Reads.", {"type": "object"}),))
CANARY = "sk-canary-"
STRAIGHT, TRANSLATED = "openai/scripted", "custom_openai/scripted"  # without litellm, and through it


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with own_places() as found:
        pid_of_host(found, Settings())  # before a test begins, which may leave no process behind
        asyncio.run(ready_host(found, Settings()))
        yield found


@pytest.fixture
async def client(places: Places) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks HTTP to the host, as any program may."""
    await ready_host(places, Settings())
    transport = httpx.AsyncHTTPTransport(uds=str(find_rendezvous(places).socket))
    async with httpx.AsyncClient(transport=transport, base_url="http://host") as found:
        yield found


def settings_for(api_base: str, model: str = "openai/scripted", **models: Any) -> Settings:
    return Settings(models=ModelSettings(chat=model, api_base=api_base, requests_per_hour=10_000, **models))


def model_at(places: Places, settings: Settings, key: str = f"{CANARY}1") -> ChatModel:
    model = open_chat_model(places, settings, {"CODELAB_API_KEY": key} if key else {})
    assert model is not None
    return model


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


async def ask(model: ChatModel) -> tuple[str, Completion]:
    parts = [part async for part in model.stream(QUESTION)]
    assert isinstance(parts[-1], Completion)
    return "".join(part.text for part in parts if isinstance(part, TextDelta)), parts[-1]


@pytest.mark.parametrize("model", [STRAIGHT, TRANSLATED])
async def test_text_and_calls_stream_through(places: Places, model: str) -> None:
    rule = (
        When("hello")
        .say("good day", pieces=3)
        .call("read", {"path": "a"}, pieces=3)
        .call("read", {"path": "b"})
    )
    async with scripted_model([rule.usage(7, 9)]) as server:
        text, completion = await ask(model_at(places, settings_for(server.base_url, model)))
        assert server.requests[0].key == f"{CANARY}1"
        assert server.requests[0].body["model"] == "scripted"
        assert server.requests[0].body["tools"][0]["function"]["name"] == "read"
    assert text == "good day"
    assert [json.loads(call.arguments)["path"] for call in completion.message.calls] == ["a", "b"]
    assert (completion.finish_reason, completion.tokens_in, completion.tokens_out) == ("tool_calls", 7, 9)
    assert completion.model == model


async def test_the_price_is_told_where_it_is_known(places: Places) -> None:
    await ready_host(places, Settings())  # prices are litellm's
    async with scripted_model([When().say("hi").usage(1000, 10)]) as server:
        _, completion = await ask(model_at(places, settings_for(server.base_url, "openai/gpt-4o-mini")))
    assert completion.cost_usd == pytest.approx(0.000156)


async def test_a_whole_answer_can_be_asked_for(client: httpx.AsyncClient) -> None:
    async with scripted_model([When("hello").say("hi").call("read", {})]) as server:
        answer = await client.post(
            "/v1/chat/completions",
            json={"model": "openai/scripted", "messages": [{"role": "user", "content": "hello"}]},
            headers={"X-CodeLab-Access": json.dumps({"api_base": server.base_url})},
        )
    choice = answer.json()["choices"][0]
    assert choice["message"]["content"] == "hi"
    assert choice["message"]["tool_calls"][0]["function"]["name"] == "read"
    assert answer.json()["usage"]["total_tokens"] == 15


LONG = [{"role": "user", "content": "def charge(card): return card.total\n" * 50}]
READ = {"type": "function", "function": {"name": "read", "parameters": {"type": "object", "properties": {}}}}


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("openai/gpt-5-mini", True),
        ("azure/gpt-4", True),
        ("groq/openai/gpt-oss-120b", True),
        ("anthropic/claude-sonnet-4-5", False),
        ("custom_openai/scripted", False),
    ],
)
async def test_tokens_are_counted_by_encodings_that_are_at_hand(
    client: httpx.AsyncClient, model: str, known: bool
) -> None:
    async def count(**body: Any) -> int:
        answer = (await client.post("/v1/tokenize", json={"model": model, **body})).json()
        assert answer.get("estimated", False) is not known
        assert "later" not in answer
        return int(answer["count"])

    alone = await count(messages=LONG)
    assert 400 < alone < 700  # 8 tokens in a line of cl100k_base
    assert await count(messages=LONG * 2, tools=[READ]) > 2 * alone - 10
    assert await count(messages=LONG) == alone
    assert await count(prompt="one two three") <= 8


async def test_a_server_of_ones_own_is_asked_to_count_through_the_host(places: Places) -> None:
    async with scripted_model([]) as server:
        server.tokenizers = as_vllm()
        model = model_at(places, settings_for(server.base_url))
        while (counted := await count_tokens(model, QUESTION)) is None:  # a busy machine may take too long
            pass
        assert counted == words_in(request_body(QUESTION, "scripted"))
        assert server.counted[0].key == f"{CANARY}1"


@pytest.mark.parametrize(
    "body", [{}, {"model": "m"}, {"model": "m", "messages": ["x"]}, {"model": "m", "prompt": 7}]
)
async def test_what_cannot_be_counted_is_refused_in_words(
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    answer = await client.post("/tokenize", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["codelab"]["why"]


async def test_health_and_models_are_listed(client: httpx.AsyncClient) -> None:
    health = (await client.get("/health")).json()
    assert health["ready"]
    assert health["protocol"] == 1
    assert health["version"]
    assert health["pid"] != os.getpid()
    listed = (await client.get("/v1/models")).json()["data"]
    assert {"anthropic/claude-sonnet-4-5", "openai/gpt-5-mini"} <= {entry["id"] for entry in listed}


K = FailureKind
FAILURES = {
    "wrong key": (When().status(401, f"bad key {CANARY}1"), K.KEY, "[key]", 1),
    "unknown model": (When().status(404, "The model does not exist"), K.UNKNOWN_MODEL, "models.chat", 1),
    "quota": (When().status(429, "slow down", retry_after="3600"), K.BUSY, "3600 s", 1),
    "broken": (When().status(500, "oops"), K.SERVER, "oops", 3),
    "filter": (When().status(400, "no", code="content_filter"), K.FILTERED, "other words", 1),
    "too long": (When().status(400, "maximum context length is 8"), K.TOO_LONG, "new session", 1),
    "bad request": (When().status(400, "tools are not supported"), K.REFUSED, "not supported", 1),
    "cut": (When().say("half").cut(), K.CUT, "broke off", 1),
    "nothing said": (When(), K.EMPTY, "answered nothing", 1),
    "error in the stream": (When().raw('data: {"error": {"message": "boom"}}\n\n'), K.SERVER, "boom", 3),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("model", [STRAIGHT, TRANSLATED])
async def test_each_failure_of_a_provider_is_told_in_words(places: Places, name: str, model: str) -> None:
    rule, kind, says, requests = FAILURES[name]
    async with scripted_model([rule]) as server:
        with pytest.raises(ModelError) as caught:
            await ask(model_at(places, settings_for(server.base_url, model)))
        assert len(server.requests) == requests
    assert kind_of(caught.value) is kind
    assert says in str(caught.value)
    assert caught.value.fix
    assert "itellm" not in str(caught.value)
    assert CANARY not in str(caught.value)


async def test_a_provider_that_is_down_is_named(places: Places) -> None:
    with pytest.raises(ModelError, match=r"http://127.0.0.1:1/v1 cannot be reached"):
        await ask(model_at(places, settings_for("http://127.0.0.1:1/v1")))
    with pytest.raises(ModelError, match="custom_openai cannot be reached"):
        await ask(model_at(places, settings_for("http://127.0.0.1:1/v1", TRANSLATED)))


async def test_without_a_key_the_variable_is_named(places: Places) -> None:
    with pytest.raises(ModelError, match="Set OPENAI_API_KEY") as caught:
        await ask(model_at(places, settings_for(""), key=""))
    assert kind_of(caught.value) is FailureKind.KEY


async def test_a_model_without_its_provider_is_explained(places: Places) -> None:
    with pytest.raises(NoModel, match="Name its provider too"):
        await ask(model_at(places, settings_for("http://127.0.0.1:1/v1", "scripted")))


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"model": "x"}', b'{"messages": [{}]}', b'{"model": 1, "messages": [{}]}', b"[" * 99_999],
)
async def test_what_is_no_chat_request_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/chat/completions", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["codelab"]["kind"] == "refused"


async def test_only_the_fields_of_the_chat_api_reach_the_library(client: httpx.AsyncClient) -> None:
    body = {
        "model": "openai/scripted",
        "messages": [{"role": "user", "content": "hello"}],
        "mock_response": "mocked",
    }
    async with scripted_model([When().say("real")]) as server:
        answer = await client.post(
            "/v1/chat/completions",
            json={**body, "api_base": "http://192.0.2.1/v1"},
            headers={
                "X-CodeLab-Access": json.dumps({"api_base": server.base_url, "mock_response": "mocked"})
            },
        )
    assert answer.json()["choices"][0]["message"]["content"] == "real"


@pytest.mark.parametrize("rule", [When().stall(), When().say("one").stall(), When().never_ends()])
@pytest.mark.parametrize("model", [STRAIGHT, TRANSLATED])
async def test_a_face_that_leaves_stops_the_provider(places: Places, rule: When, model: str) -> None:
    async with scripted_model([rule]) as server:
        task = asyncio.create_task(ask(model_at(places, settings_for(server.base_url, model))))
        await server.requested()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.left()


async def test_closing_the_iterator_stops_the_provider(places: Places) -> None:
    async with scripted_model([When().say("one").stall()]) as server:
        parts = model_at(places, settings_for(server.base_url)).stream(QUESTION)
        async with aclosing(parts):  # type: ignore[type-var]
            assert await anext(parts) == TextDelta("one")
        await server.left()


async def test_two_faces_with_different_keys_do_not_mix(places: Places) -> None:
    names = [f"{CANARY}face-{number}" for number in range(6)]
    async with scripted_model([When().stall().say("hi")]) as server:
        models = [model_at(places, settings_for(server.base_url), name) for name in names]
        answers = [asyncio.create_task(ask(model)) for model in models]
        await server.requested(len(names))
        server.release()
        await asyncio.gather(*answers)
        assert sorted(request.key for request in server.requests) == names
        keyless = {"SECRET_OF_ANOTHER": names[0]}
        model = open_chat_model(places, settings_for(server.base_url), keyless)
        assert model is not None
        await ask(model)
        assert server.requests[-1].key == ""


@pytest.mark.req("SAFE-7")
async def test_keys_and_contents_are_in_no_log_argument_or_environment(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scripted_model([When().status(401, "no"), When().say("hi")]) as server:
        with pytest.raises(ModelError):
            await ask(model_at(places, settings_for(server.base_url), f"{CANARY}logged"))
    pid = (await ask_health(await ensure_host(places, Settings()))).pid
    looked_at = [path for path in places.cache.parent.rglob("*") if path.is_file()]
    assert any(path.name == "host.log" for path in looked_at)
    looked_at += [Path(f"/proc/{pid}/{name}") for name in ("cmdline", "environ")]
    for path in looked_at:
        assert CANARY.encode() not in path.read_bytes(), path
        assert b"hello" not in path.read_bytes(), path
    assert children_of(pid) == []


@pytest.mark.slow  # litellm is imported once more
async def test_a_host_killed_in_mid_stream_is_told_and_the_next_call_works(places: Places) -> None:
    async with scripted_model([When(nth=1).say("one").stall(), When().say("again")]) as server:
        settings = settings_for(server.base_url)
        pid = (await ask_health(await ensure_host(places, settings))).pid
        parts = model_at(places, settings).stream(QUESTION)
        assert await anext(parts) == TextDelta("one")
        await asyncio.to_thread(end_process, pid, signal.SIGKILL)
        with pytest.raises(ModelError, match="The model host broke off") as caught:
            await anext(parts)
        assert caught.value.fix
        await server.left()
        assert (await ask(model_at(places, settings)))[0] == "again"
    _, second = started_hosts(places)
    await asyncio.to_thread(end_process, second)
