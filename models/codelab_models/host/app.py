"""The host's HTTP interface: the OpenAI API for chat and embeddings, how the host is, what was used."""

import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from codelab.core.errors import ModelError
from codelab_models.accounts.ledger import GROUPS
from codelab_models.failures import FailureKind, failure, one_line
from codelab_models.host.activity import Activity
from codelab_models.host.answer import ModelAnswer, error_response
from codelab_models.host.asking import Means, answers, streamed, vectors, whole
from codelab_models.host.calls import bad, read_chat, read_embedding, read_limits
from codelab_models.host.counting import counted
from codelab_models.host.dependencies import dependencies
from codelab_models.host.keeping import answers_or_kept
from codelab_models.host.usage import usage
from codelab_models.providers import provider_of
from codelab_models.rendezvous import PROTOCOL, TOKEN_HEADER
from codelab_models.versions import is_older

REQUEST_BYTES = 32_000_000


class HostApp:
    """The ASGI application.

    Args:
        means: Who can be asked, the accounts and what else requests share.
        activity: Is told of every request.
        version: CodeLab's version.
        retire: Lets another host take its place, and this one end once it has answered.
        token: Every request must bring it; empty where the socket's permissions do the guarding.
    """

    def __init__(
        self, means: Means, activity: Activity, version: str, retire: Callable[[], None], token: str = ""
    ) -> None:
        self._means = means
        self._library = means.library
        self._activity = activity
        self._version = version
        self._retire = retire
        self._token = token
        self._began = time.monotonic()
        routes = [
            Route("/v1/chat/completions", self._chat, methods=["POST"]),
            Route("/v1/embeddings", self._embeddings, methods=["POST"]),
            Route("/v1/models", self._models),
            Route("/v1/tokenize", self._count, methods=["POST"]),
            Route("/tokenize", self._count, methods=["POST"]),
        ]
        for prefix in ("", "/v1"):
            routes += [
                Route(f"{prefix}/usage", self._usage),
                Route(f"{prefix}/cache", self._clear_cache, methods=["DELETE"]),
            ]
            routes += [Route(f"{prefix}/health", self._health), Route(f"{prefix}/ready", self._ready)]
            routes += [Route(f"{prefix}/retire", self._make_room, methods=["POST"])]
        nothing = {404: _nothing_here, 405: _nothing_here}
        self._app: ASGIApp = Starlette(routes=routes, exception_handlers=nothing)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        with self._activity.request():
            if self._token and not self._allowed(scope):
                refused = failure(
                    FailureKind.KEY, "The model host is not for this program", fix="Start CodeLab again"
                )
                await error_response(refused)(scope, receive, send)
            else:
                await self._app(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        name = TOKEN_HEADER.lower().encode()
        given = next((value for header, value in scope["headers"] if header == name), b"")
        return secrets.compare_digest(given, self._token.encode())

    async def _health(self, _: Request) -> Response:
        return JSONResponse(
            {
                "version": self._version,
                "protocol": PROTOCOL,
                "pid": os.getpid(),
                "uptime_seconds": round(time.monotonic() - self._began, 3),
                "ready": self._library.ready,
                "error": self._library.error,
                "dependencies": dependencies(self._means),
            }
        )

    async def _make_room(self, request: Request) -> Response:
        """Retire for a newer CodeLab; calls under way are answered first."""
        newer = request.query_params.get("for", "")
        if not is_older(self._version, newer):
            return error_response(bad(f"This host is of version {self._version}, not older than {newer!r}"))
        self._retire()
        return JSONResponse({"retired": self._version, "active": self._activity.others})

    async def _ready(self, request: Request) -> Response:
        with suppress(ModelError):  # the answer says it
            await self._library.get()
        return await self._health(request)

    async def _models(self, _: Request) -> Response:
        try:
            listed = await self._means.backends.models()
        except ModelError as error:
            return error_response(error)
        entries = [
            {"id": name, "object": "model", "created": 0, "owned_by": provider_of(name).name}
            for name in listed
        ]
        return JSONResponse({"object": "list", "data": entries})

    async def _chat(self, request: Request) -> Response:
        try:
            asked = read_chat(await _body(request), request.headers)
        except ModelError as error:
            return error_response(error)
        in_pieces = asked.calls[0].stream
        chunks = answers_or_kept(self._means, asked, streamed if in_pieces else whole)
        return ModelAnswer(chunks, streamed=in_pieces, with_usage=asked.with_usage)

    async def _embeddings(self, request: Request) -> Response:
        try:
            asked = read_embedding(await _body(request), request.headers)
        except ModelError as error:
            return error_response(error)
        return ModelAnswer(answers(self._means, asked, vectors))

    async def _count(self, request: Request) -> Response:
        try:
            counts = await counted(self._means.backends, await _body(request), request.headers)
        except ModelError as error:
            return error_response(error)
        return JSONResponse(counts)

    async def _usage(self, request: Request) -> Response:
        by = request.query_params.get("by", GROUPS[0])
        try:
            if by not in GROUPS:
                raise bad(f"`by` may be {', '.join(GROUPS)}")
            return JSONResponse(usage(self._means, read_limits(request.headers), by))
        except ModelError as error:
            return error_response(error)

    async def _clear_cache(self, _: Request) -> Response:
        return JSONResponse({"cleared": self._means.kept.clear()})


async def _nothing_here(request: Request, refused: Exception) -> Response:
    """Say in the API's own form that there is no such path, or not for this method."""
    what = f"The model host has no {request.method} {one_line(request.url.path)}"
    fix = "Ask GET /v1/models, POST /v1/chat/completions or POST /v1/embeddings; docs/model-host.md has all"
    status = refused.status_code if isinstance(refused, HTTPException) else 404
    return error_response(failure(FailureKind.NOT_AN_API, what, fix=fix), status)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > REQUEST_BYTES:
            raise failure(FailureKind.TOO_LONG, f"The request has more than {REQUEST_BYTES:,} bytes")
    return bytes(body)
