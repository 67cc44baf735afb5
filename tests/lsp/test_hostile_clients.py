"""Clients that send garbage, cancel everything, or vanish: the server answers, or it ends."""

import asyncio
import random
import signal
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.test_framer import MALFORMED
from tests.programme.volume import Volume
from tests.support.lsp_client import PATIENCE_SECONDS, RawClient, ServerAnsweredWithError, frame, started

pytestmark = pytest.mark.slow

MOST_MEMORY = 256 << 20  # bytes, of the server while it is sent garbage
BATCH = 100

SERVER = textwrap.dedent("""
    import sys
    from codelab.core.errors import InputError
    from codelab.lsp.server import serve

    async def refuse(root, face):
        raise InputError("Refused")

    sys.exit(serve(refuse))
""")
"""The server without a workbench: its protocol is attacked here, not what lies behind it."""
COMMAND = (sys.executable, "-c", SERVER)

METHODS = (
    "initialize", "initialized", "textDocument/didOpen", "textDocument/didChange", "textDocument/didClose",
    "textDocument/codeAction", "codeAction/resolve", "workspace/executeCommand", "$/cancelRequest",
    "workspace/didChangeConfiguration", "workspace/didChangeWorkspaceFolders", "$/setTrace",
    "window/workDoneProgress/cancel", "codelab/chat", "no/such/method", "", "\x00",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 2**70, "", "x", "\ud83d\ude00", "../../etc/passwd", "file:///etc/passwd",
    "\x00", [], [[]], {}, {"uri": None}, {"textDocument": {"uri": "file:///a.py", "version": "one"}},
    {"textDocument": {"uri": 5}, "range": {"start": {"line": -1, "character": 2**40}}}, {"command": {}},
    {"command": "codelab.run", "arguments": "all"}, {"id": [1]}, {"token": {}}, {"contentChanges": None},
)  # fmt: skip


def garbage(chance: random.Random) -> Any:
    """Return a message that is JSON, and hardly ever one of the protocol."""
    message: dict[str, Any] = {"jsonrpc": "2.0"}
    if chance.random() < 0.9:
        message["method"] = chance.choice((*METHODS, *VALUES))
    if chance.random() < 0.7:
        message["params"] = chance.choice(VALUES)
    if chance.random() < 0.4:
        message["id"] = chance.choice((*VALUES, "taken", 10**9 + chance.randrange(10**6)))
    if chance.random() < 0.1:
        message["result"] = chance.choice(VALUES)
    if chance.random() < 0.1:
        message["error"] = chance.choice(VALUES)
    if chance.random() < 0.05:
        message["jsonrpc"] = chance.choice(VALUES)
    return chance.choice(VALUES) if chance.random() < 0.05 else message


def memory_of(client: RawClient) -> int:
    """Return the most memory that the server has held, in bytes."""
    assert client.process is not None
    status = Path(f"/proc/{client.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


async def check_garbage(rounds: int, seed: int) -> None:
    """Send garbage in batches; after each the server answers a request, and its memory is bounded."""
    chance = random.Random(seed)
    async with started(COMMAND) as client:
        await client.initialize(None)
        for first in range(0, rounds, BATCH):
            batch = b"".join(frame(garbage(chance)) for _ in range(min(BATCH, rounds - first)))
            await client.send_bytes(batch)
            with pytest.raises(ServerAnsweredWithError):
                await client.request("no/such/method")
            client.received.clear()
        assert memory_of(client) < MOST_MEMORY
        assert client.stray == b""


@pytest.mark.programme("framing")
@pytest.mark.req("CARD-1")
async def test_after_messages_that_are_garbage_the_next_request_is_answered(volume: Volume) -> None:
    await check_garbage(volume(500, 49_800), seed=1)


@pytest.mark.programme("framing")
@pytest.mark.req("CARD-1")
async def test_a_malformed_frame_ends_the_server_and_is_told(
    volume: Volume, capfd: pytest.CaptureFixture[str]
) -> None:
    kinds = [data for name, data in MALFORMED.items() if name != "the end in the middle"]
    for number in range(volume(4, 200)):
        async with started(COMMAND) as client:
            await client.initialize(None)
            await client.send_bytes(kinds[number * 7 % len(kinds)])
            client.close_input()  # some wait for more of a header that never ends
            assert await client.ended() == 2
            assert "so the server ends" in capfd.readouterr().err
            assert has_told_an_error(client)


def has_told_an_error(client: RawClient) -> bool:
    """Tell whether the server said what was wrong before it ended."""
    return any("error" in message and message.get("id") is None for message in client.received)


async def one_request(client: RawClient, chance: random.Random, path: Path) -> asyncio.Future[Any]:
    """Send a request, and its cancel after it or not at all, or after the next one."""
    position = {"line": 0, "character": 0}
    document = {"uri": path.as_uri()}
    method, params = chance.choice([
        ("textDocument/codeAction", {"textDocument": document, "range": {"start": position, "end": position},
                                     "context": {"diagnostics": []}}),
        ("workspace/executeCommand", {"command": "codelab.status", "arguments": [{"show": False}]}),
        ("workspace/executeCommand", {"command": "codelab.stop", "arguments": []}),
        ("no/such/method", {}),
    ])  # fmt: skip
    number, future = await client.begin(method, params)
    for _ in range(chance.choice((0, 1, 1, 2))):
        await client.notify("$/cancelRequest", {"id": number})
    return future


@pytest.mark.programme("cancels")
@pytest.mark.req("CARD-1", "SAFE-8")
async def test_every_cancelled_request_has_one_reply(tmp_path: Path, volume: Volume) -> None:
    chance, rounds = random.Random(2), volume(300, 10_000)
    file = tmp_path / "a.py"
    file.write_text("a = 1\n")
    async with started() as client:
        await client.initialize(tmp_path)
        for first in range(0, rounds, BATCH):
            futures = [await one_request(client, chance, file) for _ in range(min(BATCH, rounds - first))]
            await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), PATIENCE_SECONDS)
        replies = Counter(message["id"] for message in client.received if "method" not in message)
        assert len(replies) >= rounds
        assert set(replies.values()) == {1}
        assert await client.exit() == 0


VANISH = ("before a word", "after initialize", "in a message", "killed", "reads no more", "in a flood")


@pytest.mark.programme("vanishing")
@pytest.mark.req("CARD-1", "SAFE-8")
async def test_a_client_that_vanishes_leaves_no_server(tmp_path: Path, volume: Volume) -> None:
    (tmp_path / "a.py").write_text("a = 1\n")
    for number in range(volume(6, 200)):
        way = VANISH[number % len(VANISH)]
        async with started() as client:
            await vanish(client, way, tmp_path)
            assert await client.ended() in (0, 1, 2, -signal.SIGKILL)


async def vanish(client: RawClient, way: str, root: Path) -> None:
    """Go away in one of the ways of ``VANISH``."""
    assert client.process is not None
    if way != "before a word":
        await client.initialize(root)
    if way == "in a message":
        await client.send_bytes(frame({"jsonrpc": "2.0", "method": "x"})[:-3])
    if way == "killed":
        client.process.send_signal(signal.SIGKILL)
    if way == "reads no more":
        client.process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
    if way == "in a flood":
        for _ in range(200):
            await client.begin("workspace/executeCommand", {"command": "codelab.status"})
    client.close_input()
