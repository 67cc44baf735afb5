"""The client of OpenAI-compatible APIs: what it makes of each answer, and of each failure."""

import asyncio
import json
import socket
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from codelab.core.errors import ModelError, NoModel
from codelab_models.client import EndpointModel
from codelab_models.failures import FailureKind, ModelFailure
from codelab_models.transport import base_url_of, seconds_to_wait
from codelab_models.wire import ChatRequest, Completion, Message, TextDelta, ToolCall, ToolSpec
from tests.support.model_server import When, scripted_model
from tests.support.network import attempts_expected

pytestmark = pytest.mark.req("MODEL-2", "MODEL-4")

READ = ToolSpec("read", "Reads a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
QUESTION = ChatRequest((Message("user", "hello"),), (READ,))


async def ask(model: EndpointModel, request: ChatRequest = QUESTION) -> tuple[list[str], Completion]:
    """Return the pieces of text and the completion."""
    parts = [part async for part in model.stream(request)]
    assert isinstance(parts[-1], Completion)
    assert all(isinstance(part, TextDelta) for part in parts[:-1])
    return [part.text for part in parts[:-1] if isinstance(part, TextDelta)], parts[-1]


def client_of(url: str, **rest: object) -> EndpointModel:
    options: dict[str, object] = {"retry_seconds": 0.001, "first_token_seconds": 20.0, **rest}
    return EndpointModel(url, "scripted", **options)  # type: ignore[arg-type]


async def check_failure(
    *rules: When, kind: FailureKind, says: str, requests: int = 1, **rest: object
) -> ModelError:
    """Check what becomes of an answer: its kind, words that the person sees, how many requests were sent."""
    async with scripted_model(rules) as server:
        with pytest.raises(ModelError) as caught:
            await ask(client_of(server.base_url, **rest))
        assert len(server.requests) == requests
    error = caught.value
    assert getattr(error, "kind", FailureKind.UNKNOWN_MODEL) is kind, error
    assert says in str(error)
    assert error.what
    assert error.fix
    assert not any("\n" in text for text in (error.what, error.why, error.fix))
    return error


def sse(
    *deltas: object, end: str = "data: [DONE]\n\n", finish: str | None = "stop", gap: str = "\n\n"
) -> str:
    """Return a stream of these deltas."""
    events: list[object] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    if finish:
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    return "".join(f"data: {json.dumps(event)}{gap}" for event in events) + end


def call(arguments: object, **rest: object) -> dict[str, object]:
    name = {"name": rest.pop("name")} if "name" in rest else {}
    return {"tool_calls": [{**rest, "function": {**name, "arguments": arguments}}]}


# --- answers -----------------------------------------------------------------------------------------------


async def test_text_comes_in_pieces_and_then_whole() -> None:
    async with scripted_model([When("hello").say("good day", pieces=4).usage(12, 3)]) as server:
        texts, completion = await ask(client_of(server.base_url, api_key="key-1"))
        assert len(texts) == 4
        assert completion.message == Message("assistant", "good day")
        assert (completion.finish_reason, completion.tokens_in, completion.tokens_out) == ("stop", 12, 3)
        assert completion.model == "scripted"
        assert server.requests[0].key == "key-1"
        assert server.requests[0].body["tools"][0]["function"]["name"] == "read"


async def test_a_conversation_with_calls_is_sent_as_the_api_wants_it() -> None:
    asked = Message("assistant", "", (ToolCall("c1", "read", '{"path": "a"}'),))
    request = ChatRequest((Message("user", "x"), asked, Message("tool", "text", call_id="c1")), max_tokens=7)
    async with scripted_model([When("text", role="tool").say("done")]) as server:
        await ask(client_of(server.base_url), request)
        sent = server.requests[0].body
    assert sent["messages"][1]["tool_calls"][0]["id"] == sent["messages"][2]["tool_call_id"] == "c1"
    assert sent["max_tokens"] == 7


async def test_parallel_calls_in_pieces_are_joined() -> None:
    rule = (
        When()
        .say("I read.")
        .call("read", {"path": "a.py"}, pieces=5)
        .call("read", {"path": "b.py"}, pieces=2)
    )
    async with scripted_model([rule]) as server:
        _, completion = await ask(client_of(server.base_url))
    assert [json.loads(c.arguments)["path"] for c in completion.message.calls] == ["a.py", "b.py"]
    assert len({c.id for c in completion.message.calls}) == 2
    assert completion.finish_reason == "tool_calls"


DIALECTS = {
    "whole, no index, no id": [call("{1}", name="a"), call("{2}", name="b")],
    "index 0 for each": [call("{1}", name="a", index=0, id="x"), call("{2}", name="b", index=0, id="y")],
    "no index, ids": [call("{", name="a", id="x"), call("{2}", name="b", id="y"), call("1}", id="x")],
    "interleaved": [
        call("", name="a", index=0, id="x"),
        call("{2", name="b", index=1, id="y"),
        call("{1}", index=0),
        call("}", index=1),
    ],
    "name in every piece": [
        call("{1", name="a", index=0, id="x"),
        call("}", name="a", index=0, id="x"),
        call("{2}", name="b", index=1, id="y"),
    ],
}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_calls_are_joined_however_a_server_sends_them(dialect: str) -> None:
    async with scripted_model([When().raw(sse(*DIALECTS[dialect]))]) as server:
        _, completion = await ask(client_of(server.base_url))
    assert [(c.name, c.arguments) for c in completion.message.calls] == [("a", "{1}"), ("b", "{2}")]
    assert all(c.id for c in completion.message.calls)
    assert completion.finish_reason == "tool_calls"


async def test_arguments_that_are_an_object_become_text() -> None:
    async with scripted_model([When().raw(sse(call({"path": "a"}, name="read")))]) as server:
        _, completion = await ask(client_of(server.base_url))
    assert completion.message.calls[0].arguments == '{"path": "a"}'


ODD_STREAMS = {
    "no blank lines": sse({"content": "hi"}, gap="\n"),
    "carriage returns": sse({"content": "hi"}, gap="\r\n\r\n"),
    "comments and event names": ": ping\n\nevent: message\nid: 1\n" + sse({"content": "hi"}),
    "no end mark": sse({"content": "hi"}, end=""),
    "no finish reason": sse({"content": "hi"}, finish=None),
    "content in parts": sse({"content": [{"type": "text", "text": "hi"}]}),
    "byte order mark": "\ufeff" + sse({"content": "hi"}),
    "nonsense after the end": sse({"content": "hi"}) + "<html>",
}


@pytest.mark.parametrize("odd", ODD_STREAMS)
async def test_streams_that_are_only_odd_are_understood(odd: str) -> None:
    async with scripted_model([When().raw(ODD_STREAMS[odd])]) as server:
        texts, completion = await ask(client_of(server.base_url))
    assert texts == ["hi"]
    assert completion.message.content == "hi"


async def test_a_server_that_does_not_stream_is_understood() -> None:
    async with scripted_model([When().say("hi").call("read", {"path": "a"}).whole()]) as server:
        texts, completion = await ask(client_of(server.base_url))
    assert texts == ["hi"]
    assert completion.message.calls[0].name == "read"
    assert completion.tokens_in == 10


async def test_a_connection_left_open_after_the_finish_ends_the_answer() -> None:
    body = sse({"content": "hi"}, end="")
    async with scripted_model([When().raw(body, length=len(body) + 1)]) as server:
        assert (await ask(client_of(server.base_url)))[0] == ["hi"]


async def test_a_server_that_dislikes_usage_is_asked_without_it() -> None:
    rules = [When(nth=1).status(400, "unknown field stream_options"), When().say("hi")]
    async with scripted_model(rules) as server:
        assert (await ask(client_of(server.base_url)))[0] == ["hi"]
        assert "stream_options" not in server.requests[1].body


async def test_with_no_model_named_the_first_listed_one_answers() -> None:
    async with scripted_model([When().say("hi")], models=["first", "second"]) as server:
        await ask(EndpointModel(server.base_url))
        assert server.requests[0].body["model"] == "first"


# --- failures ----------------------------------------------------------------------------------------------

K = FailureKind
REFUSALS = {
    "wrong key": (When().status(401, "bad key"), K.KEY, "OPENAI_API_KEY", 1),
    "forbidden": (When().status(403, "not you"), K.KEY, "not you", 1),
    "unknown model": (When().status(404, "The model does not exist"), K.UNKNOWN_MODEL, "models.chat", 1),
    "wrong URL": (When().status(404, "Not Found"), K.NOT_AN_API, "models.endpoint", 1),
    "moved": (When().status(302), K.NOT_AN_API, "models.endpoint", 1),
    "quota": (When().status(429, "slow down", retry_after="3600"), K.BUSY, "wait 3600 s", 1),
    "busy": (When().status(429, "slow down"), K.BUSY, "slow down", 3),
    "broken": (When().status(500, "oops"), K.SERVER, "oops", 3),
    "overloaded": (When().status(503), K.SERVER, "503", 3),
    "filter": (When().status(400, "no", code="content_filter"), K.FILTERED, "other words", 1),
    "filter at the end": (When().say("I").finish("content_filter"), K.FILTERED, "filter", 1),
    "too long": (When().status(400, "maximum context length is 8"), K.TOO_LONG, "new session", 1),
    "too long by code": (
        When().status(400, "no", code="context_length_exceeded"),
        K.TOO_LONG,
        "longer context",
        1,
    ),
    "bad request": (When().status(400, "tools are not supported"), K.REFUSED, "not supported", 1),
    "web page": (When().garbage(), K.GARBAGE, "<html>", 1),
    "other JSON": (When().raw('{"ok": true}', type="application/json"), K.GARBAGE, "ok", 1),
    "torn JSON": (When().raw('{"choices": [', type="application/json"), K.GARBAGE, "choices", 1),
    "no body": (When().raw(""), K.GARBAGE, "empty", 1),
    "torn event": (When().raw('data: {"choices": [\n\ndata: x\n\n'), K.GARBAGE, "choices", 1),
    "deep JSON": (When().raw("data: " + "[" * 90_000 + "\n\n"), K.GARBAGE, "not an answer", 1),
    "error in the stream": (When().raw('data: {"error": {"message": "boom"}}\n\n'), K.SERVER, "boom", 3),
    "nothing said": (When(), K.EMPTY, "answered nothing", 1),
    "only thoughts": (When().raw(sse({"reasoning_content": "hm"}, finish="length")), K.EMPTY, "tokens", 1),
    "cut": (When().say("half an ans").cut(), K.CUT, "broke off", 1),
    "cut by the length": (
        When().raw(sse({"content": "hi"}, finish=None, end=""), length=9999),
        K.CUT,
        "broke off",
        1,
    ),
    "length too short": (When().raw(sse({"content": "hi"}), length=30), K.CUT, "broke off", 1),
    "ends early": (When().raw(sse({"content": "hi"}, finish=None, end="")), K.CUT, "complete", 1),
    "endless": (When().never_ends("x" * 20_000), K.ENDLESS, "does not stop", 1),
    "endless line": (When().endless_line(), K.ENDLESS, "line without end", 1),
    "keep-alives only": (When().raw(": ping\n\n", length=99).stall(), K.CUT, "broke off", 1),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_each_failure_is_told_in_words_with_what_to_do(name: str) -> None:
    rule, kind, says, requests = REFUSALS[name]
    await check_failure(rule, kind=kind, says=says, requests=requests)


async def test_a_model_that_never_answers_is_given_up() -> None:
    await check_failure(When().stall(), kind=K.SLOW, says="first_token_seconds", first_token_seconds=0.05)


async def test_a_model_that_pauses_for_ever_is_given_up() -> None:
    await check_failure(When().say("I").stall(), kind=K.SLOW, says="next piece", idle_seconds=0.05)


async def test_a_busy_server_is_asked_again_when_it_says() -> None:
    async with scripted_model([When(nth=1).status(429, retry_after="0"), When().say("hi")]) as server:
        assert (await ask(client_of(server.base_url)))[0] == ["hi"]


async def test_nothing_is_sent_again_after_text_was_shown() -> None:
    said = sse({"content": "hi"}, finish=None, end='data: {"error": {"message": "boom", "code": 503}}\n\n')
    await check_failure(When().raw(said), kind=K.SERVER, says="boom", requests=1)


async def test_a_key_repeated_by_the_server_is_not_shown() -> None:
    rule = When().status(401, "Incorrect API key: canary-1234567")
    error = await check_failure(rule, kind=K.KEY, says="[key]", api_key="canary-1234567")
    assert "canary" not in str(error)


async def test_control_characters_of_a_server_are_not_shown() -> None:
    error = await check_failure(
        When().status(400, "a\x1b[31m\u202eb\n\nc"), kind=K.REFUSED, says="a [31m b c"
    )
    assert error.why == "a [31m b c"


async def test_nothing_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ModelFailure, match="cannot be reached") as caught:
        await ask(client_of(f"http://127.0.0.1:{port}/v1"))
    assert caught.value.kind is K.UNREACHABLE
    assert f"127.0.0.1:{port}" in caught.value.what


async def test_a_host_that_does_not_exist() -> None:
    with attempts_expected() as seen, pytest.raises(ModelFailure, match=r"no host 'models\.example'"):
        await ask(client_of("http://models.example/v1"))
    assert len(seen) == 3  # asked again twice


async def test_tls_to_a_server_that_speaks_none() -> None:
    async with scripted_model([]) as server:
        with pytest.raises(ModelFailure, match="encrypted connection failed"):
            await ask(client_of(server.base_url.replace("http", "https")))


@pytest.mark.parametrize(
    "url", ["", "localhost:80", "ftp://host/v1", "http://", "http://host:99999/", "http://[x/"]
)
def test_what_is_no_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(ModelError, match=r"models\.endpoint"):
        EndpointModel(url)


def test_a_key_that_would_break_the_header_is_refused() -> None:
    with pytest.raises(ModelError, match="cannot be sent") as caught:
        EndpointModel("http://127.0.0.1/v1", api_key="canary\r\nX: y")
    assert "canary" not in str(caught.value)


def test_unknown_models_are_their_own_kind_of_error() -> None:
    assert issubclass(NoModel, ModelError)


# --- stopping ----------------------------------------------------------------------------------------------


async def test_closing_the_iterator_closes_the_connection() -> None:
    async with scripted_model([When().say("one").stall()]) as server:
        async with aclosing(client_of(server.base_url).stream(QUESTION)) as parts:
            assert await anext(parts) == TextDelta("one")
        await server.left()


@pytest.mark.parametrize("rule", [When().stall(), When().say("one").stall(), When().never_ends()])
async def test_cancelling_the_reader_closes_the_connection(rule: When) -> None:
    async with scripted_model([rule]) as server:
        task = asyncio.create_task(ask(client_of(server.base_url)))
        await server.requested()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.left()


# --- small parts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1"),
        (" https://host/api/v3/ ", "https://host/api/v3"),
        ("https://host/v1/chat/completions", "https://host/v1"),
    ],
)
def test_a_base_url_is_understood_as_people_write_it(given: str, meant: str) -> None:
    assert base_url_of(given) == meant


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 0), ("", 0), ("7", 7), ("-1", 0), ("nan", 0), ("soon", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after_is_read(header: str | None, seconds: float) -> None:
    assert seconds_to_wait(header) == seconds


def test_importing_the_client_imports_no_http_library() -> None:
    slow = {"httpx", "litellm", "llama_cpp", "pydantic"}
    code = f"import sys, codelab_models.client; print({slow} & set(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=Path("/")
    )
    assert ran.stdout.strip() == "set()"
