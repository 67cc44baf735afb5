"""The official MCP client, connected to the real server: in this process over pipes, or to one of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, cast

import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.server.stdio import stdio_server

from codelab.cli.compose import open_workbench
from codelab.core.stdio import ProtocolStreams
from codelab_mcp.serve import serve
from codelab_mcp.streams import IncomingLines, OutgoingText

Mode = Literal["auto", "legacy"]
MODES: tuple[Mode, ...] = ("auto", "legacy")
GUARD_SECONDS = 60.0


class PersonAtClient:
    """Someone whom the client can ask: keeps the questions, gives the answers in order.

    Args:
        answers: For each question what they do: choose ``apply`` or ``reject``, a reason with it, fill in a
            form of their own, ``decline``, ``cancel``, fill in ``nonsense``, or ``wait`` without end.
    """

    def __init__(self, *answers: str | tuple[str, str] | dict[str, Any]) -> None:
        self.questions: list[str] = []
        self.asked = asyncio.Event()
        self.withdrawn = asyncio.Event()
        self._answers = list(answers)

    async def __call__(self, context: object, params: types.ElicitRequestParams) -> types.ElicitResult:
        self.questions.append(params.message)
        self.asked.set()
        answer = self._answers.pop(0)
        if isinstance(answer, dict):
            return types.ElicitResult(action="accept", content=answer)
        choice, reason = answer if isinstance(answer, tuple) else (answer, "")
        if choice == "wait":
            try:
                await asyncio.Event().wait()
            finally:
                self.withdrawn.set()
        if choice in ("decline", "cancel"):
            return types.ElicitResult(action=cast("Any", choice))
        if choice == "nonsense":
            return types.ElicitResult(action="accept", content={"decision": "perhaps"})
        if choice == "undo":
            return types.ElicitResult(action="accept", content={"undo": True})
        return types.ElicitResult(action="accept", content={"decision": choice, "reason": reason})


@asynccontextmanager
async def connected(
    root: Path | None,
    mode: Mode,
    *,
    person: PersonAtClient | None = None,
    roots: Sequence[Path] = (),
    **more: Any,
) -> AsyncIterator[Client]:
    """Connect a client to a server in this process, through real pipes and the server's own framing."""
    to_server, from_client = os.pipe()
    to_client, from_server = os.pipe()

    async def serving() -> None:
        with os.fdopen(to_server, "rb", 0) as reader, os.fdopen(from_server, "wb", 0) as writer:
            streams = ProtocolStreams(reader, writer)
            await serve(streams, open_workbench, root=root, find_default=Path.cwd)

    server = asyncio.create_task(serving(), name="mcp server")
    try:
        async with Client(
            _pipe_transport(to_client, from_client), mode=mode, **_callbacks(person, roots), **more
        ) as client:
            yield client
    finally:
        async with asyncio.timeout(GUARD_SECONDS):
            await server


@asynccontextmanager
async def _pipe_transport(to_client: int, from_client: int) -> AsyncIterator[Any]:
    with os.fdopen(to_client, "rb", 0) as reader:
        writer = os.fdopen(from_client, "wb", 0)
        lines = cast("Any", IncomingLines(reader, lambda: None))
        async with stdio_server(lines, cast("Any", OutgoingText(writer))) as streams:
            try:
                yield streams
            finally:
                writer.close()


@asynccontextmanager
async def started(
    root: Path,
    mode: Mode,
    errors: Path,
    *,
    person: PersonAtClient | None = None,
    roots: Sequence[Path] = (),
    arguments: Sequence[str] = ("--root", "."),
) -> AsyncIterator[Client]:
    """Connect a client to a server process, whose error output goes to a file."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "codelab.cli.main", "mcp", *arguments],
        env=dict(os.environ),
        cwd=root,
    )
    with errors.open("w") as log:
        async with Client(stdio_client(server, errlog=log), mode=mode, **_callbacks(person, roots)) as client:
            yield client


def _callbacks(person: PersonAtClient | None, roots: Sequence[Path]) -> dict[str, Any]:
    callbacks: dict[str, Any] = {"client_info": types.Implementation(name="claude-code", version="1")}
    if person is not None:
        callbacks["elicitation_callback"] = person
    if roots:
        listed = types.ListRootsResult(roots=[types.Root(uri=cast("Any", root.as_uri())) for root in roots])

        async def list_roots(context: object) -> types.ListRootsResult:
            return listed

        callbacks["list_roots_callback"] = list_roots
    return callbacks


class Noted:
    """A progress callback that keeps the messages."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        self.lines.append(message or "")


def text_of(result: types.CallToolResult) -> str:
    """Return a result's text."""
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))
