"""The server: a thread of its own with an event loop, so that blocking tests may use it too."""

import asyncio
import contextlib
import json
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.model_server import answers
from tests.support.model_server.scenario import Step, When
from tests.support.model_server.strict import wrong_with

GUARD_SECONDS = 30.0


@dataclass
class Received:
    """A request as it came; ``rule`` is what answered it, ``gone`` is set when its client left early."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    rule: When | None = None
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def key(self) -> str:
        """The API key sent."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


class _Left(Exception):
    """The connection ends here."""


class ScriptedModel:
    """A running scripted model; see the package for how to get one.

    Attributes:
        base_url: What clients are pointed at, ending in ``/v1``.
        requests: Chat requests in the order they came.
        embedded: Requests for embeddings, which are answered by the words of the texts, in order.
        embedding_steps: What answers the next requests for embeddings instead, as the steps of a rule:
            ``{"status": 429}``, ``{"raw": "{}"}``, ``{"stall": True}``; an empty one answers as usual.
        dimensions: Of the vectors.
        models_body: What ``/v1/models`` answers instead of listing the models.
        own_api: What paths below ``/api/`` answer, in JSON; after a space the model's name, where a request
            names one. Others are not found, as on a server that has no such API.
        tokenizers: What ``/tokenize`` and ``/apply-template`` answer, made of the request's body; the paths
            are not found on a server that has none, and stall where None is made.
        counted: Requests to these paths, in order.
        unexpected: What came and no rule answered; not empty fails the test.
    """

    def __init__(self, rules: Sequence[When], *, models: Sequence[str] = ("scripted",)) -> None:
        self.rules = list(rules)
        self.models = list(models)
        self.requests: list[Received] = []
        self.embedded: list[Received] = []
        self.embedding_steps: list[Step] = []
        self.dimensions = 64
        self.models_body: str | None = None
        self.own_api: dict[str, Any] = {}
        self.tokenizers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.counted: list[Received] = []
        self.unexpected: list[str] = []
        self.base_url = ""
        self.port = 0
        self._used = [0] * len(self.rules)
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._release = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: weakref.WeakSet[asyncio.StreamWriter] = weakref.WeakSet()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted model", daemon=True)

    # --- for the test --------------------------------------------------------------------------------
    def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes any free one."""
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", port))
        self.port = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"

    def stop(self) -> None:
        """Close every connection and end."""
        if self._thread.is_alive():
            self._call(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(GUARD_SECONDS)
        self._loop.close()

    def release(self) -> None:
        """Let every answer that stalls, now or later, go on."""
        self._loop.call_soon_threadsafe(self._release.set)

    def wait_for_requests(self, count: int) -> None:
        """Block until so many chat requests have come."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, GUARD_SECONDS):
                raise AssertionError(f"{len(self.requests)} of {count} requests came")

    async def requested(self, count: int = 1) -> Received:
        """Wait until so many chat requests have come and return the last of them."""
        await asyncio.to_thread(self.wait_for_requests, count)
        return self.requests[count - 1]

    async def left(self, number: int = 1) -> None:
        """Wait until the client of the nth request has closed its connection before the answer's end."""
        request = await self.requested(number)
        if not await asyncio.to_thread(request.gone.wait, GUARD_SECONDS):
            raise AssertionError(f"the client of request {number} is still there")

    def check(self) -> None:
        """Fail if a request came that no rule expected."""
        if self.unexpected:
            raise AssertionError(
                "the scripted model got what it did not expect:\n" + "\n".join(self.unexpected)
            )

    # --- connections ---------------------------------------------------------------------------------
    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(GUARD_SECONDS)

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:  # what a client that left has not read is nobody's any more
            writer.transport.abort()
        await asyncio.sleep(0)  # in which the loop closes their sockets

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, _Left):
            path, headers, body = await _read_request(reader, writer)
            await self._answer(path, headers, body, reader, writer)
        writer.close()

    async def _answer(
        self,
        path: str,
        headers: dict[str, str],
        body: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if path.startswith("/api/") or path.endswith("/models"):
            return await self._tell(path, body, writer)
        request = Received(path, headers, _parsed(body))
        if path in ("/tokenize", "/apply-template"):
            return await self._count(request, writer)
        if path.endswith("/embeddings"):
            return await self._embed(request, writer)
        if not path.endswith("/chat/completions") or not request.body:
            self.unexpected.append(f"{path} {body[:200]!r}")
            return await _send_error(writer, {"status": 404, "message": f"no {path} here"})
        problem = wrong_with(request.body)
        request.rule = None if problem else self._rule_for(request)
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
        if problem:
            self.unexpected.append(f"request {len(self.requests)}: {problem}")
            return await _send_error(writer, {"status": 400, "message": problem})
        if request.rule is None:
            last = (request.body.get("messages") or [None])[-1]
            self.unexpected.append(f"request {len(self.requests)}, last message {json.dumps(last)[:500]}")
            return await _send_error(writer, {"status": 400, "message": "the scenario does not expect this"})
        answer = asyncio.create_task(self._play(request, request.rule.steps, writer))
        leaving = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait((answer, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                request.gone.set()
        finally:
            for task in (answer, leaving):
                task.cancel()
            results = await asyncio.gather(answer, leaving, return_exceptions=True)
        if isinstance(results[0], ConnectionError):
            request.gone.set()

    async def _tell(self, path: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        """Answer what is no request to a model."""
        if path.startswith("/api/"):
            named = f"{path} {_parsed(body).get('model', '')}".rstrip()
            if (said := self.own_api.get(named)) is None:
                return await _send_error(writer, {"status": 404, "message": f"no {named} here"})
            return await _send(writer, json.dumps(said).encode())
        listed = [{"id": name, "object": "model"} for name in self.models]
        usual = json.dumps({"object": "list", "data": listed})
        await _send(writer, (usual if self.models_body is None else self.models_body).encode())

    async def _count(self, request: Received, writer: asyncio.StreamWriter) -> None:
        self.counted.append(request)
        if (tokenizer := self.tokenizers.get(request.path)) is None:
            return await _send_error(writer, {"status": 404, "message": f"no {request.path} here"})
        if (said := tokenizer(request.body)) is None:
            await self._release.wait()
        await _send(writer, json.dumps(said).encode())

    async def _embed(self, request: Received, writer: asyncio.StreamWriter) -> None:
        with self._changed:
            self.embedded.append(request)
            self._changed.notify_all()
            step = self.embedding_steps.pop(0) if self.embedding_steps else {}
        if "status" in step:
            return await _send_error(writer, step)
        if "stall" in step:
            await self._release.wait()
        answer = step.get("raw") or answers.vectors(request.body, self.dimensions)
        await _send(writer, answer.encode())

    def _rule_for(self, request: Received) -> When | None:
        for position, rule in enumerate(self.rules):
            if rule.fits(request.body, len(self.requests) + 1, self._used[position]):
                self._used[position] += 1
                return rule
        return None

    # --- answers -------------------------------------------------------------------------------------
    async def _play(self, request: Received, steps: tuple[Step, ...], writer: asyncio.StreamWriter) -> None:
        model = str(request.body.get("model", "scripted"))
        streamed = bool(request.body.get("stream")) and not any("whole" in step for step in steps)
        started = False
        calls = 0
        for step in steps:
            if "status" in step:
                return await _send_error(writer, step)
            if "raw" in step:
                return await _send(writer, step["raw"].encode(), step.get("type"), step.get("length"))
            if "stall" in step:
                await self._release.wait()
            elif "cut" in step:
                writer.transport.abort()
                raise _Left
            elif streamed:
                if not started:
                    await _start_stream(writer, answers.chunk(model, {"role": "assistant", "content": ""}))
                started = True
                async for piece in _pieces(step, model, calls):
                    writer.write(piece)
                    await writer.drain()
                calls += "call" in step
        if not streamed:
            return await _send(writer, answers.whole(model, steps))
        if not started:
            await _start_stream(writer, b"")
        counted = bool((request.body.get("stream_options") or {}).get("include_usage"))
        writer.write(answers.ending(model, steps, with_usage=counted))
        await writer.drain()


async def _pieces(step: Step, model: str, calls: int) -> AsyncIterator[bytes]:
    if "say" in step:
        clock = asyncio.get_running_loop().time
        began = clock()
        for number, piece in enumerate(answers.cut_into(step["say"], step.get("pieces", 1)), 1):
            # Each is due by the clock, as a model's are: one that was late does not make the others late.
            await asyncio.sleep(max(0.0, began + number * step.get("delay", 0) - clock()))
            yield answers.chunk(model, {"content": piece})
    elif "call" in step:
        for delta in answers.call_deltas(step, calls):
            yield answers.chunk(model, delta)
    elif "never_ends" in step:
        while True:
            yield answers.chunk(model, {"content": step["never_ends"]}) * 50
    elif "endless_line" in step:
        yield b"data: "
        while True:
            yield b"x" * 65536


async def _read_request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[str, dict[str, str], bytes]:
    first = await reader.readexactly(1)
    if not first.isalpha():  # not HTTP, a TLS greeting for example
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        raise _Left
    head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in head[1:] if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return head[0].split(" ")[1], headers, body


def _parsed(body: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        data = json.loads(body)
        return data if isinstance(data, dict) else {}
    return {}


async def _start_stream(writer: asyncio.StreamWriter, first: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    writer.write(head + first)
    await writer.drain()


async def _send(
    writer: asyncio.StreamWriter, body: bytes, type: str | None = None, length: int | None = None
) -> None:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {type or 'application/json'}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()


async def _send_error(writer: asyncio.StreamWriter, step: Step) -> None:
    error = {"message": step.get("message", ""), "type": "scripted", "code": step.get("code") or None}
    body = json.dumps({"error": error}).encode()
    wait = f"Retry-After: {step['retry_after']}\r\n" if step.get("retry_after") else ""
    head = (
        f"HTTP/1.1 {step['status']} Scripted\r\nContent-Type: application/json\r\n{wait}"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()


class _Running(
    contextlib.AbstractContextManager[ScriptedModel], contextlib.AbstractAsyncContextManager[ScriptedModel]
):
    """Usable with ``with`` and with ``async with``."""

    def __init__(self, server: ScriptedModel) -> None:
        self._entered = _run(server)

    def __enter__(self) -> ScriptedModel:
        return self._entered.__enter__()

    def __exit__(self, *exc: Any) -> bool | None:
        return self._entered.__exit__(*exc)

    async def __aenter__(self) -> ScriptedModel:
        return self.__enter__()

    async def __aexit__(self, *exc: Any) -> bool | None:
        return self.__exit__(*exc)


@contextlib.contextmanager
def _run(server: ScriptedModel) -> Iterator[ScriptedModel]:
    server.start()
    try:
        yield server
    finally:
        server.stop()
    server.check()


def scripted_model(rules: Sequence[When], *, models: Sequence[str] = ("scripted",)) -> _Running:
    """Run a scripted model for the length of a ``with`` or ``async with`` block.

    Args:
        rules: The scenario; ``server.rules`` may not be changed later.
        models: Names that ``/v1/models`` lists.

    Raises:
        AssertionError: At the end of the block, if a request came that no rule expected.
    """
    return _Running(ScriptedModel(rules, models=models))
