"""Programs of others speak to the model host: the openai client, and curl."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from codelab.config.places import Places
from codelab_models.rendezvous import ACCESS_HEADER, find_rendezvous
from tests.support.host_in_process import listening_host
from tests.support.model_host import own_places
from tests.support.model_server import ScriptedModel, When, scripted_model

pytestmark = [pytest.mark.slow, pytest.mark.req("MODEL-2", "MODEL-4")]

MODEL = "openai/scripted"
HELLO: Any = [{"role": "user", "content": "hello"}]
TOOLS: Any = [
    {"type": "function", "function": {"name": "read", "parameters": {"type": "object", "properties": {}}}}
]


@pytest.fixture
def places() -> Iterator[Places]:
    with own_places() as found:
        yield found


@asynccontextmanager
async def client_of(places: Places, server: ScriptedModel | str) -> AsyncIterator[openai.AsyncOpenAI]:
    """Give the openai client, pointed at a host in front of a server."""
    socket = find_rendezvous(places).socket
    base = server if isinstance(server, str) else server.base_url
    async with listening_host(socket):
        carrier = httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(socket)))
        async with openai.AsyncOpenAI(
            base_url="http://codelab/v1",
            api_key="key-of-the-program",
            http_client=carrier,
            max_retries=0,
            default_headers={ACCESS_HEADER: json.dumps({"api_base": base})},
        ) as client:
            yield client


async def test_chat(places: Places) -> None:
    async with scripted_model([When("hello").say("good day").usage(7, 3)]) as server:
        async with client_of(places, server) as client:
            answer = await client.chat.completions.create(model=MODEL, messages=HELLO)
        assert server.requests[0].key == "key-of-the-program"
    assert answer.choices[0].message.content == "good day"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (7, 3)


@pytest.mark.parametrize("counted", [True, False])
async def test_stream(places: Places, counted: bool) -> None:
    options: Any = {"stream_options": {"include_usage": True}} if counted else {}
    rule = When().say("good day", pieces=4).usage(7, 3)
    async with scripted_model([rule]) as server, client_of(places, server) as client:
        stream: Any = await client.chat.completions.create(
            model=MODEL, messages=HELLO, stream=True, **options
        )
        chunks = [chunk async for chunk in stream]
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "good day"
    assert [c.usage.total_tokens for c in chunks if c.usage] == ([10] if counted else [])
    assert counted or all(chunk.choices for chunk in chunks), "a chunk without choices was not asked for"


async def test_parallel_tool_calls(places: Places) -> None:
    rule = When().call("read", {"path": "a"}, pieces=3).call("read", {"path": "b"})
    async with scripted_model([rule]) as server, client_of(places, server) as client:
        answer = await client.chat.completions.create(
            model=MODEL, messages=HELLO, tools=TOOLS, parallel_tool_calls=True, tool_choice="auto"
        )
        sent = server.requests[0].body
    calls: Any = answer.choices[0].message.tool_calls
    assert [json.loads(call.function.arguments)["path"] for call in calls] == ["a", "b"]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert (sent["parallel_tool_calls"], sent["tool_choice"]) == (True, "auto")


async def test_parallel_tool_calls_in_a_stream(places: Places) -> None:
    rule = When().say("so ").call("read", {"path": "a"}, pieces=3).call("read", {"path": "b"})
    async with scripted_model([rule]) as server, client_of(places, server) as client:
        stream: Any = await client.chat.completions.create(
            model=MODEL, messages=HELLO, tools=TOOLS, stream=True
        )
        choices = [chunk.choices[0] async for chunk in stream if chunk.choices]
    pieces: dict[int, str] = {}
    for choice in choices:
        for call in choice.delta.tool_calls or ():
            pieces[call.index] = pieces.get(call.index, "") + (call.function.arguments or "")
    assert [json.loads(pieces[index])["path"] for index in sorted(pieces)] == ["a", "b"]
    assert choices[-1].finish_reason == "tool_calls"


async def test_a_tool_result_goes_back_in_a_conversation(places: Places) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "read", "arguments": "{}"}}
    messages: Any = [
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "what was read"},
    ]
    async with scripted_model([When("what was read", role="tool").say("good")]) as server:
        async with client_of(places, server) as client:
            answer = await client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS)
        assert server.requests[0].body["messages"] == messages
    assert answer.choices[0].message.content == "good"


async def test_models_are_listed_as_the_client_reads_them(places: Places) -> None:
    async with client_of(places, "http://127.0.0.1:1/v1") as client:
        listed = {model.id: model.owned_by async for model in client.models.list()}
    assert listed["openai/gpt-5-mini"] == "openai"


@pytest.mark.parametrize("encoding", ["float", "base64"])
async def test_vectors_are_asked_for_in_the_encoding_that_the_program_wants(
    places: Places, encoding: Any
) -> None:
    async with scripted_model([]) as server, client_of(places, server) as client:
        await client.embeddings.create(model=MODEL, input="one", encoding_format=encoding)
        assert server.embedded[0].body["encoding_format"] == encoding


EMBEDDING_ERRORS: dict[str, tuple[dict[str, Any], type[openai.APIError], str]] = {
    "wrong key": ({"status": 401, "message": "bad key"}, openai.AuthenticationError, "key"),
    "unknown model": ({"status": 404, "message": "no such model"}, openai.NotFoundError, "model"),
    "garbage": ({"raw": "<html>"}, openai.InternalServerError, "not an answer"),
}


@pytest.mark.parametrize("name", EMBEDDING_ERRORS)
async def test_errors_of_embeddings_are_those_that_the_client_knows(places: Places, name: str) -> None:
    step, kind, says = EMBEDDING_ERRORS[name]
    async with scripted_model([]) as server, client_of(places, server) as client:
        server.embedding_steps = [step]
        with pytest.raises(kind, match=says):
            await client.embeddings.create(model=MODEL, input="one", encoding_format="float")


async def test_an_answer_held_to_a_schema(places: Places) -> None:
    schema: Any = {
        "type": "json_schema",
        "json_schema": {
            "name": "size",
            "schema": {"type": "object", "properties": {"n": {"type": "integer"}}},
        },
    }
    async with scripted_model([When().say('{"n": 3}')]) as server, client_of(places, server) as client:
        answer = await client.chat.completions.create(model=MODEL, messages=HELLO, response_format=schema)
        assert server.requests[0].body["response_format"] == schema
    assert json.loads(answer.choices[0].message.content or "") == {"n": 3}


async def test_embeddings(places: Places) -> None:
    async with scripted_model([]) as server, client_of(places, server) as client:
        answer = await client.embeddings.create(model=MODEL, input=["one", "two"], encoding_format="float")
        assert server.embedded[0].body["model"] == "scripted"
    assert len(answer.data) == 2
    assert len(answer.data[0].embedding) == server.dimensions


ERRORS = {
    "wrong key": (When().status(401, "bad key"), openai.AuthenticationError, "key"),
    "unknown model": (When().status(404, "The model does not exist"), openai.NotFoundError, "model"),
    "quota": (When().status(429, "slow down", retry_after="3600"), openai.RateLimitError, "3600"),
    "filter": (When().status(400, "no", code="content_filter"), openai.BadRequestError, "other words"),
    "too long": (When().status(400, "maximum context length is 8"), openai.BadRequestError, "too long"),
    "broken": (When().status(500, "oops"), openai.InternalServerError, "oops"),
    "garbage": (When().garbage(), openai.InternalServerError, "<html>"),
}


@pytest.mark.parametrize("name", ERRORS)
async def test_errors_are_those_that_the_client_knows(places: Places, name: str) -> None:
    rule, kind, says = ERRORS[name]
    async with scripted_model([rule]) as server, client_of(places, server) as client:
        with pytest.raises(kind) as caught:
            await client.chat.completions.create(model=MODEL, messages=HELLO)
    assert says in str(caught.value)


async def test_an_error_in_the_middle_of_a_stream_is_raised(places: Places) -> None:
    async with scripted_model([When().say("half").cut()]) as server, client_of(places, server) as client:
        stream: Any = await client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
        with pytest.raises(openai.APIError, match="broke off"):
            async for _ in stream:
                pass


async def curl(socket: Path, path: str, *options: str) -> tuple[str, str]:
    """Return the body and the status that curl got."""
    command = ["curl", "-sS", "-w", "\n%{http_code}", "--unix-socket", str(socket), f"http://codelab{path}"]
    process = await asyncio.create_subprocess_exec(*command, *options, stdout=asyncio.subprocess.PIPE)
    body, _, status = (await process.communicate())[0].decode().rpartition("\n")
    return body, status


async def test_curl_with_tools_and_a_schema(places: Places) -> None:
    socket = find_rendezvous(places).socket
    rules = [When("tools").call("read", {"path": "a"}).call("read", {"path": "b"}), When().say('{"n": 3}')]
    async with scripted_model(rules) as server, listening_host(socket):
        header = ("-H", f'{ACCESS_HEADER}: {{"api_base": "{server.base_url}"}}')
        asked: Any = {"model": MODEL, "messages": [{"role": "user", "content": "tools"}], "tools": TOOLS}
        body, _ = await curl(socket, "/v1/chat/completions", "-d", json.dumps(asked), *header)
        calls = json.loads(body)["choices"][0]["message"]["tool_calls"]
        assert [json.loads(call["function"]["arguments"])["path"] for call in calls] == ["a", "b"]
        schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
        asked = {"model": MODEL, "messages": HELLO, "response_format": schema}
        body, _ = await curl(socket, "/v1/chat/completions", "-d", json.dumps(asked), *header)
        assert json.loads(json.loads(body)["choices"][0]["message"]["content"]) == {"n": 3}
        assert server.requests[1].body["response_format"] == schema


async def test_curl(places: Places) -> None:
    socket = find_rendezvous(places).socket
    async with (
        scripted_model(
            [When("hello").say("good day", pieces=2), When("bad").status(401, "bad key")]
        ) as server,
        listening_host(socket),
    ):
        header = ("-H", f'{ACCESS_HEADER}: {{"api_base": "{server.base_url}"}}')
        asked = json.dumps({"model": MODEL, "messages": HELLO})
        body, status = await curl(socket, "/v1/chat/completions", "-d", asked, *header)
        assert (json.loads(body)["choices"][0]["message"]["content"], status) == ("good day", "200")
        streamed = json.dumps({"model": MODEL, "messages": HELLO, "stream": True, "temperature": 0})
        body, status = await curl(socket, "/v1/chat/completions", "-N", "-d", streamed, *header)
        assert body.rstrip().endswith("data: [DONE]")
        wrong = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "bad"}]})
        body, status = await curl(socket, "/v1/chat/completions", "-d", wrong, *header)
        assert status == "401"
        assert "There is no key" in json.loads(body)["error"]["message"]
        key = ("-H", "Authorization: Bearer wrong")
        body, status = await curl(socket, "/v1/chat/completions", "-d", wrong, *header, *key)
        assert status == "401"
        assert "does not accept the key" in json.loads(body)["error"]["message"]
        body, status = await curl(socket, "/v1/chat/completions", "-d", "no JSON")
        assert status == "400"
        body, status = await curl(socket, "/usage")
        assert json.loads(body)["totals"]["hour"]["requests"] == 4
        asked = json.dumps({"model": MODEL, "input": ["one", "two"]})
        body, status = await curl(socket, "/v1/embeddings", "-d", asked, *header)
        assert (len(json.loads(body)["data"]), status) == (2, "200")
        body, status = await curl(socket, "/v1/models")
        assert "openai/gpt-5-mini" in {one["id"] for one in json.loads(body)["data"]}
        body, status = await curl(socket, "/health")
        assert json.loads(body)["protocol"] == 1
        assert (await curl(socket, "/nothing/here"))[1] == "404"
