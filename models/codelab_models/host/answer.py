"""The answer to one request, stopped as soon as nobody waits for it."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, kind_of
from codelab_models.host.routing import Backend
from codelab_models.host.upstream import ModelCall, after_the_first

log = logging.getLogger("codelab.host")

_STATUS = {
    FailureKind.KEY: 401,
    FailureKind.UNKNOWN_MODEL: 404,
    FailureKind.NOT_AN_API: 404,
    FailureKind.BUSY: 429,
    FailureKind.FILTERED: 400,
    FailureKind.TOO_LONG: 400,
    FailureKind.REFUSED: 400,
    FailureKind.SLOW: 504,
}

Whole = Callable[[ModelCall], Awaitable[dict[str, Any]]]


class ModelAnswer(Response):
    """Asks the provider and sends what it says; a client that leaves cancels the provider's work.

    Args:
        backend: Who is asked.
        call: What is asked.
        whole: Asks for an answer in one piece; the backend's ``complete`` if None.
    """

    def __init__(self, backend: Backend, call: ModelCall, whole: Whole | None = None) -> None:
        super().__init__()
        self._backend = backend
        self._call = call
        self._whole = whole or backend.complete
        self._outcome = "left"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        began = time.monotonic()
        work = asyncio.create_task(self._answer(scope, receive, send))
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, gone):
                task.cancel()
            results = await asyncio.gather(work, gone, return_exceptions=True)
            if isinstance(results[0], Exception):
                self._outcome = f"failed with {type(results[0]).__name__}"
            log.info(
                "%r %s after %.0f ms",
                self._call.model[:100],
                self._outcome,
                (time.monotonic() - began) * 1000,
            )

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if not self._call.stream:
                whole = await self._whole(self._call)
                self._outcome = "answered"
                return await JSONResponse(whole)(scope, receive, send)
            chunks = await after_the_first(self._backend.stream(self._call))
        except ModelError as error:
            self._outcome = str(kind_of(error))
            return await error_response(error)(scope, receive, send)
        async with aclosing(chunks):
            await self._send_stream(chunks, send)

    async def _send_stream(self, chunks: AsyncGenerator[dict[str, Any], None], send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": _event(chunk), "more_body": True})
                await asyncio.sleep(0)  # a provider faster than us must not keep us from the others
            last = b"data: [DONE]\n\n"
            self._outcome = "answered"
        except ModelError as error:
            self._outcome = str(kind_of(error))
            last = _event(error_object(error))
        await send({"type": "http.response.body", "body": last, "more_body": False})


def error_response(error: ModelError) -> JSONResponse:
    """Return an error as the chat API has it, with our words in ``codelab``."""
    wait = getattr(error, "retry_after", 0.0)
    headers = {"Retry-After": f"{wait:.0f}"} if wait else {}
    return JSONResponse(error_object(error), _STATUS.get(kind_of(error), 502), headers)


def error_object(error: ModelError) -> dict[str, Any]:
    """Return an error as the chat API has it."""
    kind = str(kind_of(error))
    own = {"kind": kind, "what": error.what, "why": error.why, "fix": error.fix}
    return {"error": {"message": str(error), "type": kind, "code": kind, "codelab": own}}


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
