"""A language client that shows every byte: it speaks to a server and says nothing by itself.

It answers the server's requests with what a test told it to (``answers``), keeps all that came
(``received``), and lets a test wait for a message. ``started`` gives one to a server process, ``connected``
one to the same server in this process, over pipes.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from codelab.core.stdio import ProtocolStreams
from codelab.lsp.connection import serve_streams
from codelab.lsp.face import OpenWorkbench

Json = dict[str, Any]
Answer = Callable[[Any], Any]

PATIENCE_SECONDS = 60.0
"""A guard against hanging, nothing else."""
SERVER = (sys.executable, "-m", "codelab.cli.main", "--stdio")

FULL: Json = {
    "window": {"workDoneProgress": True, "showDocument": {"support": True}, "showMessage": {}},
    "workspace": {
        "applyEdit": True,
        "executeCommand": {},
        "workspaceEdit": {"documentChanges": True, "changeAnnotationSupport": {}},
    },
    "textDocument": {
        "synchronization": {"didSave": True},
        "codeAction": {
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit", "command"]},
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}},
        },
    },
}
"""The capabilities of an editor that can do all that CodeLab knows to use, but ``codelab:`` documents."""


class ServerAnsweredWithError(Exception):
    """The server answered a request with an error, which is ``error``."""

    def __init__(self, error: Json) -> None:
        super().__init__(str(error.get("message")))
        self.error = error


class NoAnswer(Exception):
    """Raised by an answer that leaves the server without one."""


class Refused(Exception):
    """Raised by an answer that is an error with this message."""


def frame(message: object) -> bytes:
    """Return a message as it goes over the wire."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


class RawClient:
    """The client's end; made by ``started`` and ``connected``.

    Attributes:
        received: All messages of the server, in order.
        stray: Bytes of the server that were no message.
        answers: What to answer to the server's requests, by method: a function of the parameters.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.received: list[Json] = []
        self.stray = b""
        self.answers: dict[str, Answer] = {}
        self.capabilities: Json = {}
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.process: asyncio.subprocess.Process | None = None
        self._writer = writer
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read(reader))

    # --- to the server -------------------------------------------------------------------------------
    async def send_bytes(self, data: bytes) -> None:
        """Write bytes as they are; a server that is gone is no error."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._writer.write(data)
            await self._writer.drain()

    async def notify(self, method: str, params: object = None) -> None:
        """Send a notification."""
        await self.send_bytes(frame({"jsonrpc": "2.0", "method": method, "params": params}))

    async def begin(self, method: str, params: object = None) -> tuple[int, asyncio.Future[Any]]:
        """Send a request and return its number and the future answer."""
        self._number += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = future
        request = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        await self.send_bytes(frame(request))
        return self._number, future

    async def request(self, method: str, params: object = None) -> Any:
        """Send a request and return its result.

        Raises:
            ServerAnsweredWithError: The answer is an error.
        """
        _, future = await self.begin(method, params)
        return await asyncio.wait_for(future, PATIENCE_SECONDS)

    async def command(self, name: str, *arguments: object) -> Any:
        """Execute a command and return its result."""
        return await self.request("workspace/executeCommand", {"command": name, "arguments": list(arguments)})

    def close_input(self) -> None:
        """End the server's input."""
        self._writer.close()

    # --- from the server -----------------------------------------------------------------------------
    async def wait_for(self, wanted: Callable[[Json], bool], *, times: int = 1) -> Json:
        """Return the message that fits, or the nth such for ``times``, waiting for it if it has not come."""

        def found() -> list[Json]:
            return [message for message in self.received if wanted(message)]

        async with asyncio.timeout(PATIENCE_SECONDS), self._news:
            await self._news.wait_for(lambda: len(found()) >= times or self._reading.done())
        if len(found()) < times:
            raise AssertionError(f"the server ended; it sent {self.received[-5:]}")
        return found()[times - 1]

    async def wait_for_method(self, method: str, *, times: int = 1) -> Any:
        """Return the parameters of a request or notification of the server."""
        message = await self.wait_for(lambda message: message.get("method") == method, times=times)
        return message.get("params")

    async def wait_for_message(self, text: str, *, times: int = 1) -> str:
        """Return the nth message to the person that contains a text."""

        def fits(message: Json) -> bool:
            return message.get("method") == "window/showMessage" and text in message["params"]["message"]

        return str((await self.wait_for(fits, times=times))["params"]["message"])

    def sent(self, method: str) -> list[Any]:
        """Return the parameters of all requests and notifications of that method so far."""
        return [message.get("params") for message in self.received if message.get("method") == method]

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while length := await self._header(reader):
                await self._take(json.loads(await reader.readexactly(length)))
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(AssertionError("the server ended without an answer"))
                    future.exception()
            asyncio.get_running_loop().call_soon(self._tell_end)

    def _tell_end(self) -> None:
        task = asyncio.create_task(self._wake())
        self._tasks.add(task)

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _header(self, reader: asyncio.StreamReader) -> int:
        length = 0
        while (line := await reader.readline()) not in (b"", b"\r\n"):
            name, colon, value = line.partition(b":")
            if colon and name.lower() == b"content-length" and value.strip().isdigit():
                length = int(value)
            elif name.lower() != b"content-type":
                self.stray += line
        return length

    async def _take(self, message: Json) -> None:
        if "method" not in message:
            future = self._waiting.pop(message["id"], None) if message.get("id") is not None else None
            if future is not None and not future.done():
                if "error" in message:
                    future.set_exception(ServerAnsweredWithError(message["error"]))
                else:
                    future.set_result(message.get("result"))
        elif "id" in message:
            task = asyncio.create_task(self._answer(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.received.append(message)
        await self._wake()

    async def _answer(self, message: Json) -> None:
        answer = self.answers.get(message["method"], lambda _params: None)
        try:
            result = answer(message.get("params"))
            if asyncio.iscoroutine(result):
                result = await result
        except NoAnswer:
            return
        except Refused as refused:
            error = {"code": -32803, "message": str(refused)}
            return await self.send_bytes(frame({"jsonrpc": "2.0", "id": message["id"], "error": error}))
        await self.send_bytes(frame({"jsonrpc": "2.0", "id": message["id"], "result": result}))

    # --- the usual beginnings and ends ---------------------------------------------------------------
    async def initialize(
        self,
        root: Path | None,
        capabilities: Json | None = None,
        *,
        name: str = "Test editor",
        process_id: int | None = None,
        ready: bool = True,
        folders: Sequence[Path] = (),
    ) -> Json:
        """Send ``initialize`` and, if ``ready``, ``initialized``; return the result.

        Args:
            root: The folder that is open.
            capabilities: The client's; all of them if None.
            name: The client's.
            process_id: Of the process that the server watches.
            ready: Whether ``initialized`` follows.
            folders: All that are open, where there are several.
        """
        params: Json = {
            "processId": process_id,
            "clientInfo": {"name": name},
            "rootUri": root.as_uri() if root else None,
            "capabilities": FULL if capabilities is None else capabilities,
        }
        if folders:
            params["workspaceFolders"] = [{"uri": one.as_uri(), "name": one.name} for one in folders]
        result: Json = await self.request("initialize", params)
        self.capabilities = result["capabilities"]
        if ready:
            await self.notify("initialized", {})
        return result

    async def exit(self) -> int:
        """Send ``shutdown`` and ``exit`` and return the server's exit code."""
        await self.request("shutdown")
        await self.notify("exit")
        return await self.ended()

    async def ended(self) -> int:
        """Wait for the server to end and return its code."""
        code = await asyncio.wait_for(asyncio.shield(self.code), PATIENCE_SECONDS)
        await asyncio.wait_for(self._reading, PATIENCE_SECONDS)
        return code

    async def close(self) -> None:
        """End the server's input, wait for its end, and let everything go."""
        self.close_input()
        try:
            await self.ended()
        finally:
            for task in (self._reading, *self._tasks):
                task.cancel()


@asynccontextmanager
async def started(
    command: Sequence[str] = SERVER, *, environment: Mapping[str, str] | None = None
) -> AsyncIterator[RawClient]:
    """Start a server process; at the end its input is closed and it must end by itself."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
        limit=1 << 26,
    )
    assert process.stdin is not None and process.stdout is not None
    client = RawClient(process.stdout, process.stdin)
    client.process = process
    ending = asyncio.create_task(process.wait())
    ending.add_done_callback(lambda done: done.cancelled() or client.code.set_result(done.result()))
    try:
        yield client
        await client.close()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def connected(open_workbench: OpenWorkbench) -> AsyncIterator[RawClient]:
    """Run the server in this process over pipes; at the end its input is closed and it must end by itself."""
    loop = asyncio.get_running_loop()
    server_reads, client_writes = os.pipe()
    client_reads, server_writes = os.pipe()
    reader = asyncio.StreamReader(limit=1 << 26)
    reading, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(client_reads, "rb", 0)
    )
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(client_writes, "wb", 0)
    )
    client = RawClient(reader, asyncio.StreamWriter(transport, protocol, None, loop))

    async def run() -> None:
        with os.fdopen(server_reads, "rb", 0) as reads, os.fdopen(server_writes, "wb", 0) as writes:
            client.code.set_result(await serve_streams(ProtocolStreams(reads, writes), open_workbench))

    server = asyncio.create_task(run())
    try:
        yield client
        await client.close()
        await server
    finally:
        server.cancel()
        transport.close()
        reading.close()
