"""GGUF files made by the tests, loaded for real and asked over the host's API."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab_models.connect import open_chat_model
from codelab_models.wire import ChatRequest, Completion, Message, TextDelta
from tests.support.gguf_models import call_text, write_random, write_scripted
from tests.support.local_models import chat_body, events, host_client, text_in
from tests.support.model_host import own_places, pid_of_host

pytestmark = [pytest.mark.req("MODEL-2", "MODEL-3"), pytest.mark.local]

PATH = {"type": "string", "maxLength": 8}
LINE = {"type": "integer", "minimum": 0, "maximum": 10**15}
SCHEMA = {
    "type": "object",
    "properties": {"path": PATH, "line": LINE},
    "required": ["path", "line"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "read", "description": "Reads.", "parameters": SCHEMA}}
OTHER = {"type": "function", "function": {"name": "stop", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with own_places() as found:
        pid_of_host(found, Settings())  # before a test begins, which may leave no process behind
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    call = call_text("read", path="a.py", line=3)
    return {
        "greets": write_scripted(folder / "greets.gguf", ["Good", " dây", ", you", "!"]),
        "calls": write_scripted(folder / "calls.gguf", ["I look.\n", "<tool_call>", call, "\n</tool_call>"]),
        "random": write_random(folder / "random.gguf"),
    }


@pytest.fixture
async def client(places: Places) -> AsyncIterator[httpx.AsyncClient]:
    async with host_client(places) as found:
        yield found


async def ask(client: httpx.AsyncClient, path: Path, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/chat/completions", json=chat_body(path, **fields))
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()
    return data


def calls_in(answer: dict[str, Any]) -> list[tuple[str, Any]]:
    calls = answer["choices"][0]["message"]["tool_calls"]
    return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls]


def check_arguments(arguments: dict[str, Any]) -> None:
    assert set(arguments) == {"path", "line"}
    assert isinstance(arguments["path"], str)
    assert len(arguments["path"]) <= 8
    assert isinstance(arguments["line"], int)


async def test_a_file_answers_and_its_tokens_are_counted(
    client: httpx.AsyncClient, files: dict[str, Path]
) -> None:
    first = await ask(client, files["greets"])
    assert first["choices"][0]["message"]["content"] == "Good dây, you!"
    assert first["choices"][0]["finish_reason"] == "stop"
    assert first["usage"]["completion_tokens"] == 4
    again = await ask(client, files["greets"])
    assert again["usage"]["prompt_tokens_details"]["cached_tokens"] == first["usage"]["prompt_tokens"] - 1


async def test_it_streams_and_stops_where_it_is_told(
    client: httpx.AsyncClient, files: dict[str, Path]
) -> None:
    body = chat_body(files["greets"], stream=True, stop=[", you"])
    async with client.stream("POST", "/chat/completions", json=body) as response:
        got = [event async for event in events(response)]
    assert [text for event in got if (text := text_in(event))] == ["Good", " dây"]
    assert got[-1]["choices"][0]["finish_reason"] == "stop"
    limited = await ask(client, files["greets"], max_tokens=1)
    assert limited["choices"][0]["message"]["content"] == "Good"
    assert limited["choices"][0]["finish_reason"] == "length"


async def test_a_forced_call_has_the_form_of_its_tool(
    client: httpx.AsyncClient, files: dict[str, Path]
) -> None:
    chosen = {"type": "function", "function": {"name": "read"}}
    for seed in range(3):  # whatever the weights say
        answer = await ask(client, files["random"], tools=[OTHER, TOOL], tool_choice=chosen, seed=seed)
        ((name, arguments),) = calls_in(answer)
        assert name == "read"
        check_arguments(arguments)
        assert answer["choices"][0]["finish_reason"] == "tool_calls"
    anyone = await ask(client, files["random"], tools=[OTHER, TOOL], tool_choice="required", seed=1)
    assert calls_in(anyone)[0][0] in ("read", "stop")


async def test_a_call_in_the_middle_of_text_is_held_to_its_tool(
    client: httpx.AsyncClient, files: dict[str, Path]
) -> None:
    answer = await ask(client, files["calls"], tools=[OTHER, TOOL])
    assert answer["choices"][0]["message"]["content"] == "I look.\n"
    assert calls_in(answer) == [("read", {"path": "a.py", "line": 3})]
    # The same model writes a call of no tool that is offered: the grammar lets it write a known one only.
    other = await ask(client, files["calls"], tools=[OTHER])
    assert calls_in(other) == [("stop", {})]
    without = await ask(client, files["calls"])
    assert "<tool_call>" in without["choices"][0]["message"]["content"]


async def test_an_answer_held_to_a_schema_is_checked_against_all_of_it(
    client: httpx.AsyncClient, files: dict[str, Path]
) -> None:
    schema = {
        "type": "object",
        "properties": {"kind": {"enum": ["bug", "feature"]}, "sure": {"type": "boolean"}},
        "required": ["kind", "sure"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "triage", "schema": schema}}
    answer = await ask(client, files["random"], response_format=form)
    said = json.loads(answer["choices"][0]["message"]["content"])
    assert said["kind"] in ("bug", "feature")
    assert said["sure"] in (True, False)
    # A grammar does not know that no number is both: the model cannot, and that is said.
    schema["properties"] = {"kind": {"type": "integer", "minimum": 7, "maximum": 6}}
    schema["required"] = ["kind"]
    refused = await client.post("/chat/completions", json=chat_body(files["random"], response_format=form))
    assert refused.status_code == 502
    assert "does not fit the schema" in refused.json()["error"]["codelab"]["what"]
    assert "After 3 attempts" in refused.json()["error"]["codelab"]["why"]


async def test_a_conversation_longer_than_the_context_is_refused_before_it_is_read(
    client: httpx.AsyncClient, files: dict[str, Path]
) -> None:
    refused = await client.post("/chat/completions", json=chat_body(files["greets"], "x" * 5000))
    assert refused.status_code == 400
    own = refused.json()["error"]["codelab"]
    assert own["kind"] == "context_length_exceeded"
    assert "4,096" in own["why"]


async def test_a_face_talks_to_a_file_by_its_name_in_a_folder(places: Places, files: dict[str, Path]) -> None:
    places.config.mkdir(exist_ok=True)
    places.user_config.write_text(f"[models]\nlocal_folders = ['{files['greets'].parent}']\n")
    model = open_chat_model(places, Settings(models=ModelSettings(chat="local/greets")), {})
    assert model is not None
    parts = [part async for part in model.stream(ChatRequest((Message("user", "hello"),)))]
    assert "".join(part.text for part in parts if isinstance(part, TextDelta)) == "Good dây, you!"
    last = parts[-1]
    assert isinstance(last, Completion)
    assert (last.model, last.tokens_out, last.cost_usd) == ("local/greets", 4, 0.0)
