"""The answer to one request, stopped as soon as nobody waits for it."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure, kind_of
from codelab_models.host.asking import Chunk

log = logging.getLogger("codelab.host")

_STATUS = {
    FailureKind.KEY: 401,
    FailureKind.UNKNOWN_MODEL: 404,
    FailureKind.NOT_AN_API: 404,
    FailureKind.BUSY: 429,
    FailureKind.LIMIT: 429,
    FailureKind.FILTERED: 400,
    FailureKind.TOO_LONG: 400,
    FailureKind.REFUSED: 400,
    FailureKind.SLOW: 504,
}


class ModelAnswer(Response):
    """Sends what a model says; a client that leaves cancels the provider's work.

    Args:
        chunks: The chunks of a stream, or the one that is a whole answer.
        streamed: Send them as a stream.
        with_usage: Send the counts of tokens in a stream.
    """

    def __init__(
        self, chunks: AsyncGenerator[Chunk, None], *, streamed: bool = False, with_usage: bool = True
    ) -> None:
        super().__init__()
        self._chunks = chunks
        self._streamed = streamed
        self._with_usage = with_usage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        work = asyncio.create_task(self._answer(scope, receive, send))
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, gone):
                task.cancel()
            results = await asyncio.gather(work, gone, return_exceptions=True)
            if isinstance(results[0], Exception):
                log.info("an answer failed with %s", type(results[0]).__name__)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._chunks) as chunks:
            try:
                first = await anext(chunks, None)
            except ModelError as error:  # before the first chunk it can still be an HTTP status
                return await error_response(error)(scope, receive, send)
            except Exception as error:  # a defect: it is answered, then logged where it goes on
                await error_response(_defect(error))(scope, receive, send)
                raise
            if not self._streamed:
                async for _ in chunks:  # its end is what settles the accounts
                    pass
                return await JSONResponse(first)(scope, receive, send)
            await self._send_stream(first, chunks, send)

    async def _send_stream(
        self, first: Chunk | None, chunks: AsyncGenerator[Chunk, None], send: Send
    ) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            if first is not None:
                await self._send_chunk(first, send)
            async for chunk in chunks:
                await self._send_chunk(chunk, send)
            last = b"data: [DONE]\n\n"
        except ModelError as error:
            last = _event(error_object(error))
        await send({"type": "http.response.body", "body": last, "more_body": False})

    async def _send_chunk(self, chunk: Chunk, send: Send) -> None:
        if not self._with_usage and "usage" in chunk:
            if not _has_more_than_usage(chunk):
                return
            chunk = {name: value for name, value in chunk.items() if name != "usage"}
        await send({"type": "http.response.body", "body": _event(chunk), "more_body": True})
        await asyncio.sleep(0)  # a provider faster than us must not keep us from the others


def error_response(error: ModelError, status: int = 0) -> JSONResponse:
    """Return an error as the chat API has it, with our words in ``codelab``.

    Args:
        error: What is told.
        status: The HTTP status; 0 for the usual one of its kind.
    """
    wait = getattr(error, "retry_after", 0.0)
    headers = {"Retry-After": f"{wait:.0f}"} if wait else {}
    return JSONResponse(error_object(error), status or _STATUS.get(kind_of(error), 502), headers)


def error_object(error: ModelError) -> dict[str, Any]:
    """Return an error as the chat API has it."""
    kind = str(kind_of(error))
    own = {"kind": kind, "what": error.what, "why": error.why, "fix": error.fix}
    return {"error": {"message": str(error), "type": kind, "code": kind, "codelab": own}}


def _defect(error: Exception) -> ModelError:
    why = f"It met a defect of its own ({type(error).__name__})"
    return failure(
        FailureKind.SERVER, "The model host failed", why=why, fix="Try again, and please report it"
    )


def _has_more_than_usage(chunk: Chunk) -> bool:
    choices = chunk.get("choices") or ()
    return any(choice.get("finish_reason") or choice.get("delta") for choice in choices)


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
