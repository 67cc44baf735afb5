"""The server as a process of its own: over real stdio, killed, and fed with garbage."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.bench import configure, write_files
from tests.support.mcp_client import GUARD_SECONDS, MODES, Mode, PersonAtClient, connected, started
from tests.support.model_server import When, scripted_model

pytestmark = pytest.mark.slow

BEFORE = "def pay(amount):\n    return charge(amount)\n"
EDIT = {"path": "pay.py", "replacements": [{"old": "    return", "new": "    check(amount)\n    return"}]}
SERVER = ("-m", "codelab.cli.main", "mcp", "--root", ".")
INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "raw", "version": "1"},
}
NOISY_SERVER = """
import os, sys, threading, time
def make_noise():
    while "codelab_mcp.serve" not in sys.modules:
        time.sleep(0.001)
    for _ in range(200):
        print("noise", flush=True)
        os.write(1, b"noise\\n")
        time.sleep(0.002)
threading.Thread(target=make_noise, daemon=True).start()
from codelab.cli.main import main
sys.exit(main(["mcp", "--root", "."]))
"""


class RawServer:
    """A server process and the lines that go to and fro."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[bytes] = []

    async def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        await self.process.stdin.drain()

    async def request(self, number: int, method: str, params: object) -> Any:
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        await self.send(json.dumps(message).encode() + b"\n")
        while True:
            answer = json.loads(await self.line())
            if answer.get("id") == number:
                return answer

    async def line(self) -> bytes:
        assert self.process.stdout is not None
        async with asyncio.timeout(GUARD_SECONDS):
            line = await self.process.stdout.readline()
        if not line:
            raise AssertionError("the server ended")
        self.lines.append(line)
        return line

    async def initialize(self) -> None:
        await self.request(1, "initialize", INITIALIZE)
        await self.send(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}\n')

    async def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        async with asyncio.timeout(GUARD_SECONDS):
            return await self.process.wait()


@asynccontextmanager
async def raw_server(root: Path, arguments: Sequence[str] = SERVER) -> AsyncIterator[RawServer]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=root,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=64 * 1024 * 1024,
    )
    try:
        yield RawServer(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_files(tmp_path / "project", {"pay.py": BEFORE})


@pytest.mark.req("CARD-2", "CARD-6", "SAFE-2")
@pytest.mark.parametrize("mode", MODES)
async def test_a_run_over_real_stdio(project: Path, tmp_path: Path, mode: Mode) -> None:
    rules = [When(role="user").call("edit_file", EDIT), When(role="tool").say("Done.")]
    with scripted_model(rules) as model:
        configure(model)
        async with started(project, mode, tmp_path / "errors", person=PersonAtClient("apply")) as client:
            found = await client.call_tool("search_code", {"query": "pay"})
            assert found.structured_content is not None
            assert found.structured_content["passages"][0]["path"] == "pay.py"
            result = await client.call_tool("run", {"task": "check the amount"})
            assert result.structured_content is not None
            assert result.structured_content["state"] == "done"
    assert "check(amount)" in (project / "pay.py").read_text()
    assert "Traceback" not in (tmp_path / "errors").read_text()


@pytest.mark.req("CARD-2")
async def test_nothing_but_the_protocol_reaches_the_client(project: Path) -> None:
    async with raw_server(project, ("-c", NOISY_SERVER)) as server:
        await server.initialize()
        for number in range(2, 6):
            await server.request(
                number, "tools/call", {"name": "read_range", "arguments": {"path": "pay.py"}}
            )
        assert await server.end() == 0
    assert server.lines and all(json.loads(line)["jsonrpc"] == "2.0" for line in server.lines)


@pytest.mark.req("CARD-2")
async def test_garbage_does_not_end_the_conversation(project: Path) -> None:
    async with raw_server(project) as server:
        await server.initialize()
        for garbage in (
            b"garbage\n",
            b"\xff\xfe\n",
            b"\n",
            b"[" * 5000 + b"\n",
            b'{"jsonrpc": "1.0"}\n',
            b"{}\n",
        ):
            await server.send(garbage)
        answer = await server.request(2, "tools/list", {})
        assert len(answer["result"]["tools"]) > 5
        assert await server.end() == 0


@pytest.mark.req("CARD-2", "AGENT-17", "SAFE-2")
async def test_a_run_whose_server_was_killed_asks_afresh_and_continues(project: Path) -> None:
    rules = [When(role="user").call("edit_file", EDIT), When(role="tool").say("Done.")]
    with scripted_model(rules) as model:
        configure(model)
        async with raw_server(project) as server:
            await server.initialize()
            answer = await server.request(2, "tools/call", {"name": "run", "arguments": {"task": "check it"}})
            waiting = answer["result"]["structuredContent"]
            assert waiting["waiting_for"]["title"]
            server.process.kill()
            await server.process.wait()
        assert (project / "pay.py").read_text() == BEFORE
        person = PersonAtClient("apply")
        async with connected(project, "auto", person=person) as client:
            ended = await client.call_tool("continue_run", {"run": waiting["run"]})
    assert ended.structured_content is not None
    assert ended.structured_content["state"] == "done"
    assert sorted(one["state"] for one in ended.structured_content["approvals"]) == [
        "approved",
        "invalidated",
    ]
    assert len(person.questions) == 1
    assert "check(amount)" in (project / "pay.py").read_text()


@pytest.mark.req("CARD-2", "AGENT-17")
async def test_a_client_that_leaves_leaves_a_run_that_can_be_taken_up(project: Path) -> None:
    rules = [When(role="user").call("edit_file", EDIT), When(role="tool").say("Done.")]
    with scripted_model(rules) as model:
        configure(model)
        async with connected(project, "legacy") as client:
            waiting = (await client.call_tool("run", {"task": "check it"})).structured_content
        assert waiting is not None
        async with connected(project, "legacy", person=PersonAtClient("apply")) as client:
            ended = await client.call_tool("continue_run", {"run": waiting["run"]})
    assert ended.structured_content is not None and ended.structured_content["state"] == "done"
