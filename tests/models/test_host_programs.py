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

pytestmark = pytest.mark.req("MODEL-2", "MODEL-4")

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
        assert "does not accept the key" in json.loads(body)["error"]["message"]
        body, status = await curl(socket, "/v1/chat/completions", "-d", "no JSON")
        assert status == "400"
        body, status = await curl(socket, "/usage")
        assert json.loads(body)["totals"]["hour"]["requests"] == 3
        body, status = await curl(socket, "/health")
        assert json.loads(body)["protocol"] == 1
        assert (await curl(socket, "/nothing/here"))[1] == "404"
