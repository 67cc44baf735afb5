"""Tokens counted by the tokenizer in a GGUF file."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab_models.connect import HostModel
from codelab_models.counting import count_tokens
from codelab_models.wire import ChatRequest, Message
from tests.support.gguf_models import write_random, write_scripted
from tests.support.local_models import chat_body, events, host_client, text_in
from tests.support.model_host import own_places, pid_of_host

pytestmark = [pytest.mark.req("MODEL-2", "MODEL-4", "MODEL-7"), pytest.mark.local]

TOOL = {"type": "function", "function": {"name": "read", "parameters": {"type": "object", "properties": {}}}}
MARKED = """{%- for one in messages %}{{ '<s>' + one.role + ' </s>\\n' + one.content }}{% endfor %}
{%- if tools %}{{ tools | tojson }}{% endif %}\n"""
TURNS = [
    {"role": "system", "content": "Be brief </s> and <s>exact<b> dây, 你好"},
    {"role": "user", "content": "  one\n\ntwo <unk> [INST]\n"},
    {"role": "assistant", "content": "</s></s>"},
    {"role": "user", "content": "three"},
]


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with own_places() as found:
        pid_of_host(found, Settings())  # before a test begins, which may leave no process behind
        yield found


@pytest.fixture
async def client(places: Places) -> AsyncIterator[httpx.AsyncClient]:
    async with host_client(places) as found:
        yield found


async def count(client: httpx.AsyncClient, path: Path, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/tokenize", json={"model": f"gguf:{path}", **fields})
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()
    return data


@pytest.mark.parametrize("template", ["", MARKED], ids=["chatml", "its own"])
@pytest.mark.parametrize("tools", [[], [TOOL]], ids=["plain", "tools"])
async def test_the_count_is_what_the_model_then_reads(
    client: httpx.AsyncClient, tmp_path: Path, template: str, tools: list[dict[str, Any]]
) -> None:
    path = write_random(tmp_path / "m.gguf", template=template)
    body = {"tools": tools} if tools else {}
    await client.post("/chat/completions", json=chat_body(path, max_tokens=16, temperature=0))
    for upto in range(1, len(TURNS) + 1):  # each begins with the one before, which is remembered
        said = {"messages": TURNS[:upto], **body}
        answer = await client.post(
            "/chat/completions", json=chat_body(path, max_tokens=16, temperature=0, **said)
        )
        assert answer.status_code == 200, answer.text
        assert await count(client, path, **said) == {"count": answer.json()["usage"]["prompt_tokens"]}


async def test_a_text_is_counted_as_it_stands(client: httpx.AsyncClient, tmp_path: Path) -> None:
    path = write_random(tmp_path / "m.gguf")
    await client.post("/chat/completions", json=chat_body(path, max_tokens=16, temperature=0))
    assert await count(client, path, prompt="dây<s>") == {"count": len("dây".encode()) + 1}


async def test_a_count_waits_for_no_answer_that_is_being_written(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    path = write_scripted(tmp_path / "endless.gguf", [" a", " b"], endless=True)
    async with client.stream("POST", "/chat/completions", json=chat_body(path, stream=True)) as response:
        stream = events(response)
        while not text_in(await anext(stream)):
            pass
        counts = await asyncio.gather(*(count(client, path, messages=TURNS[:n]) for n in (1, 2, 3)))
        assert [one["count"] for one in counts] == sorted({one["count"] for one in counts})
        assert text_in(await anext(stream))
        await stream.aclose()


async def test_nothing_is_loaded_for_a_count(client: httpx.AsyncClient, tmp_path: Path) -> None:
    path = write_random(tmp_path / "m.gguf")
    before = await count(client, path, messages=TURNS)
    assert (before["estimated"], before["later"]) == (True, True)
    await client.post("/chat/completions", json=chat_body(path, max_tokens=16, temperature=0))
    assert (await count(client, path, messages=TURNS)).keys() == {"count"}


async def test_a_face_gets_the_count_once_the_model_is_loaded(places: Places, tmp_path: Path) -> None:
    name = f"gguf:{write_random(tmp_path / 'm.gguf')}"
    model = HostModel(places, Settings(models=ModelSettings(chat=name)), {})
    request = ChatRequest((Message("user", "hello"),), max_tokens=16, temperature=0.0)
    assert await count_tokens(model, request) is None
    read = 0
    async for part in model.stream(request):
        read = getattr(part, "tokens_in", 0)
    while (counted := await count_tokens(model, request)) is None:  # a busy machine may take too long
        pass
    assert counted == read > 0
