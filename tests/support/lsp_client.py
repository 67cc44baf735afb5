"""A language client that shows every byte: it speaks to a server process and says nothing by itself.

It answers the server's requests with what a test told it to (``answers``), keeps all that came (``received``),
and lets a test wait for a message.
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
"""The capabilities of an editor that can do everything CodeLab knows to use, but ``codelab:`` documents."""


class ServerAnsweredWithError(Exception):
    """The server answered a request with an error, which is ``error``."""

    def __init__(self, error: Json) -> None:
        super().__init__(str(error.get("message")))
        self.error = error


class NoAnswer(Exception):
    """Raised by an answer that leaves the server without one."""


def frame(message: object) -> bytes:
    """Return a message as it goes over the wire."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


class RawClient:
    """The client's end; made by ``started``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.received: list[Json] = []
        self.stray = b""
        self.answers: dict[str, Answer] = {}
        self.capabilities: Json = {}
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._news = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    # --- to the server -------------------------------------------------------------------------------
    async def send_bytes(self, data: bytes) -> None:
        """Write bytes as they are; a server that is gone is no error."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.process.stdin.write(data)
            await self.process.stdin.drain()

    async def notify(self, method: str, params: object = None) -> None:
        """Send a notification."""
        await self.send_bytes(frame({"jsonrpc": "2.0", "method": method, "params": params}))

    async def begin(self, method: str, params: object = None) -> tuple[int, asyncio.Future[Any]]:
        """Send a request and return its number and the future answer."""
        self._number += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = future
        await self.send_bytes(
            frame({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        )
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

    # --- from the server -----------------------------------------------------------------------------
    async def wait_for(self, wanted: Callable[[Json], bool], *, times: int = 1) -> Json:
        """Return the message that fits, waiting for it if it has not come; the nth that fits for ``times``."""

        def found() -> list[Json]:
            return [message for message in self.received if wanted(message)]

        async with asyncio.timeout(PATIENCE_SECONDS), self._news:
            await self._news.wait_for(lambda: len(found()) >= times or self._reader.done())
        if len(found()) < times:
            raise AssertionError(f"the server ended; it sent {self.received[-5:]}")
        return found()[times - 1]

    async def wait_for_method(self, method: str, *, times: int = 1) -> Any:
        """Return the parameters of a request or notification of the server."""
        message = await self.wait_for(lambda message: message.get("method") == method, times=times)
        return message.get("params")

    def sent(self, method: str) -> list[Any]:
        """Return the parameters of all requests and notifications of that method so far."""
        return [message.get("params") for message in self.received if message.get("method") == method]

    async def _read(self) -> None:
        assert self.process.stdout is not None
        stream = self.process.stdout
        while header := await self._header(stream):
            body = await stream.readexactly(header)
            await self._take(json.loads(body))
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(AssertionError("the server ended without an answer"))
        async with self._news:
            self._news.notify_all()

    async def _header(self, stream: asyncio.StreamReader) -> int:
        length = 0
        while (line := await stream.readline()) not in (b"", b"\r\n"):
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
            self._answer_soon(message)
        async with self._news:
            self.received.append(message)
            self._news.notify_all()

    def _answer_soon(self, message: Json) -> None:
        task = asyncio.create_task(self._answer(message))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _answer(self, message: Json) -> None:
        answer = self.answers.get(message["method"], lambda _params: None)
        try:
            result = answer(message.get("params"))
            if asyncio.iscoroutine(result):
                result = await result
        except NoAnswer:
            return
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
    ) -> Json:
        """Send ``initialize`` and, if ``ready``, ``initialized``; return the result."""
        folder = root.as_uri() if root else None
        result: Json = await self.request(
            "initialize",
            {
                "processId": process_id,
                "clientInfo": {"name": name},
                "rootUri": folder,
                "capabilities": FULL if capabilities is None else capabilities,
            },
        )
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
        """Wait for the process to end and return its code."""
        code = await asyncio.wait_for(self.process.wait(), PATIENCE_SECONDS)
        await asyncio.wait_for(self._reader, PATIENCE_SECONDS)
        return code


@asynccontextmanager
async def started(
    command: Sequence[str] = SERVER, *, environment: Mapping[str, str] | None = None
) -> AsyncIterator[RawClient]:
    """Start a server and give the client's end; at the end its input is closed and it must end by itself."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
        limit=1 << 26,
    )
    client = RawClient(process)
    try:
        yield client
        if process.stdin is not None and process.returncode is None:
            process.stdin.close()
        await client.ended()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        client._reader.cancel()
        process._transport.close()  # type: ignore[attr-defined]  # else its pipes are reported as unclosed
