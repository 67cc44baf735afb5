"""Faces and hosts of different versions of CodeLab meet: nothing is lost, and the newer code serves."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab_models.chat import ChatModel
from codelab_models.connect import open_chat_model
from codelab_models.rendezvous import PROTOCOL, find_rendezvous
from codelab_models.start import Health, ask_health, ensure_host
from codelab_models.transport import exchange
from codelab_models.versions import is_older, own_version
from codelab_models.wire import ChatRequest, Completion, Message, TextDelta
from tests.support.model_host import own_places, started_hosts, wait_for_end
from tests.support.model_server import ScriptedModel, When, scripted_model

pytestmark = [pytest.mark.req("MODEL-2", "MODEL-4"), pytest.mark.slow]

OLDER, NEWER = "0.0.1", "999.1"


@pytest.fixture
def places() -> Iterator[Places]:
    with own_places() as found:
        yield found


@contextmanager
def installed(version: str, folder: Path) -> Iterator[None]:
    """Let hosts that are started meanwhile find themselves installed in this version."""
    metadata = folder / f"codelab-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: codelab\nVersion: {version}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        yield


async def host_of(version: str, places: Places, folder: Path, *, loopback: bool = False) -> Health:
    """Start a host of a version."""
    with installed(version, folder):
        health = await ask_health(await ensure_host(places, Settings(), loopback=loopback))
    assert health.version == version
    return health


def face(places: Places, server: ScriptedModel) -> ChatModel:
    models = ModelSettings(chat="openai/scripted", api_base=server.base_url, cache_hours=0)
    model = open_chat_model(places, Settings(models=models), {})
    assert model is not None
    return model


async def ask(model: ChatModel, text: str) -> str:
    parts = [part async for part in model.stream(ChatRequest((Message("user", text),)))]
    assert isinstance(parts[-1], Completion)
    return parts[-1].message.content


async def test_a_newer_face_gets_a_host_of_its_own_version_and_no_call_is_lost(
    places: Places, tmp_path: Path
) -> None:
    rules = [When("long").say("first ").stall().say("last"), When("short").say("hi")]
    async with scripted_model(rules) as server:
        older_face = face(places, server)
        older = await host_of(OLDER, places, tmp_path)
        answer = older_face.stream(ChatRequest((Message("user", "long"),)))
        assert await anext(answer) == TextDelta("first ")
        address = await ensure_host(places, Settings())
        newer = await ask_health(address)
        assert newer.version == own_version()
        assert newer.pid != older.pid
        assert await ask(face(places, server), "short") == "hi"
        server.release()
        rest = [part async for part in answer]
        assert isinstance(rest[-1], Completion)
        assert rest[-1].message.content == "first last", "what the older host had begun"
        await asyncio.to_thread(wait_for_end, older.pid)
        assert await ask(older_face, "short") == "hi", "the older face goes on with the newer host"
        assert (await ask_health(await ensure_host(places, Settings()))).pid == newer.pid
    assert started_hosts(places) == [older.pid, newer.pid]
    log = find_rendezvous(places).log.read_text()
    assert "retired, a newer CodeLab starts a host of its own" in log


async def test_an_older_face_uses_the_host_of_a_newer_codelab(places: Places, tmp_path: Path) -> None:
    newer = await host_of(NEWER, places, tmp_path)
    async with scripted_model([When().say("hi")]) as server:
        assert await ask(face(places, server), "hello") == "hi"
    address = await ensure_host(places, Settings())
    assert (await ask_health(address)).pid == newer.pid
    async with exchange(address, f"/retire?for={own_version()}", None, seconds=30, method="POST") as refused:
        assert refused.status_code == 400, "nobody may replace it by something older"
    assert started_hosts(places) == [newer.pid]


async def test_many_newer_faces_at_once_replace_a_host_once(places: Places, tmp_path: Path) -> None:
    older = await host_of(OLDER, places, tmp_path)
    addresses = await asyncio.gather(*(ensure_host(places, Settings()) for _ in range(10)))
    pids = {(await ask_health(address)).pid for address in addresses}
    assert pids == set(started_hosts(places)) - {older.pid}
    assert len(pids) == 1
    await asyncio.to_thread(wait_for_end, older.pid)


async def test_a_host_on_loopback_is_replaced_too(places: Places, tmp_path: Path) -> None:
    older = await host_of(OLDER, places, tmp_path, loopback=True)
    newer = await ask_health(await ensure_host(places, Settings(), loopback=True))
    assert newer.version == own_version()
    await asyncio.to_thread(wait_for_end, older.pid)
    assert (await ask_health(await ensure_host(places, Settings(), loopback=True))).pid == newer.pid


async def test_an_older_host_that_cannot_be_replaced_is_used(places: Places) -> None:
    async with a_host_that_knows_nothing_else({"version": OLDER, "protocol": PROTOCOL}, places):
        address = await ensure_host(places, Settings())
        assert (await ask_health(address)).version == OLDER
    assert started_hosts(places) == []


@asynccontextmanager
async def a_host_that_knows_nothing_else(health: dict[str, object], places: Places) -> AsyncIterator[None]:
    """Answer ``/health``, and 404 to anything else, where the host would be."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        known = head.startswith(b"GET /v1/health")
        body = json.dumps(health if known else {}).encode()
        status = b"200 OK" if known else b"404 Not Found"
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body)))
        writer.write(body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(answer, str(find_rendezvous(places).socket)):
        yield


@pytest.mark.parametrize(
    ("one", "other", "older"),
    [
        ("0.1.0", "0.1.1", True),
        ("0.9", "0.10", True),
        ("1.0", "1.0.0", False),
        ("1.1", "1.0.9", False),
        ("1.2.dev3", "1.2", False),
        ("", "0.1", True),
        ("0", "0", False),
        ("who knows", "1", True),
    ],
)
def test_versions_are_compared_by_their_numbers(one: str, other: str, older: bool) -> None:
    assert is_older(one, other) is older
