"""The editor's own model, asked through ``codelab/requestModel``; docs/protocol.md has the messages."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable
from typing import Any

from pygls.exceptions import JsonRpcException

from codelab.lsp.protocol import CodeLabProtocol
from codelab_models.failures import FailureKind, failure, one_line, refusal
from codelab_models.wire import ChatRequest, Completion, Message, Part, TextDelta, ToolCall

REQUEST_MODEL = "codelab/requestModel"
PATIENCE_SECONDS = 120.0
"""Longest wait for the next piece; before the first the editor may have to ask the person."""


class LentModel:
    """A ``ChatModel`` that the client offered.

    Args:
        protocol: What speaks to the client.
        pieces: Where whoever receives the client's pieces looks up who takes them, by token.
        name: What the client calls the model.
        where: Whose model it is, for a person: ``The model of Neovim``.
        seconds: Longest wait for the next piece.
    """

    def __init__(
        self,
        protocol: CodeLabProtocol,
        pieces: dict[str | int, Callable[[object], None]],
        name: str,
        where: str,
        *,
        seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._seconds = seconds
        self._protocol = protocol
        self._pieces = pieces
        self._name = name
        self._where = where

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
        """Answer a request; see ``ChatModel``."""
        token = f"codelab-{uuid.uuid4()}"
        pieces: asyncio.Queue[object] = asyncio.Queue()
        self._pieces[token] = pieces.put_nowait
        asking = asyncio.create_task(
            self._protocol.request(REQUEST_MODEL, _params(request, self._name, token))
        )
        asking.add_done_callback(lambda _: pieces.put_nowait(None))  # after whatever came before it
        said: list[str] = []
        try:
            while (piece := await self._next(pieces)) is not None:
                if text := _text_in(piece):
                    said.append(text)
                    yield TextDelta(text)
            completion = self._completion(await asking, "".join(said))
            if rest := completion.message.content.removeprefix("".join(said)):
                yield TextDelta(rest)
            yield completion
        except JsonRpcException as error:
            message = one_line(error.message)
            raise refusal(0, "", message, model=self._name, where=self._where) from error
        finally:
            self._pieces.pop(token, None)
            asking.cancel()

    async def _next(self, pieces: asyncio.Queue[object]) -> object:
        try:
            async with asyncio.timeout(self._seconds):
                return await pieces.get()
        except TimeoutError as error:
            what = f"{self._where} does not answer"
            why = f"Nothing came for {self._seconds:g} s"
            raise failure(FailureKind.SLOW, what, why=why, fix="Ask again, or set `models.chat`") from error

    def _completion(self, result: object, said: str) -> Completion:
        what = f"{self._where} answered nothing"
        if not isinstance(result, dict):
            raise failure(FailureKind.EMPTY, what)
        text = result.get("text")
        calls = tuple(_calls(result.get("toolCalls")))
        whole = text if isinstance(text, str) and text.startswith(said) else said
        if not whole.strip() and not calls:
            raise failure(FailureKind.EMPTY, what)
        usage = result.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        reason = result.get("finishReason")
        return Completion(
            Message("assistant", whole, calls),
            reason if isinstance(reason, str) and reason else "tool_calls" if calls else "stop",
            _text(result.get("model")) or self._name,
            _count(usage.get("tokensIn")),
            _count(usage.get("tokensOut")),
        )


def _params(request: ChatRequest, name: str, token: str) -> dict[str, Any]:
    params: dict[str, Any] = {
        "model": request.model.removeprefix("editor").removeprefix("/") or name,
        "messages": [_message(message) for message in request.messages],
        "tools": [
            {"name": tool.name, "description": tool.description, "inputSchema": tool.parameters}
            for tool in request.tools
        ],
        "partialResultToken": token,
    }
    if request.forced:
        params["toolChoice"] = request.forced
    if request.max_tokens is not None:
        params["maxTokens"] = request.max_tokens
    if request.temperature is not None:
        params["temperature"] = request.temperature
    return params


def _message(message: Message) -> dict[str, Any]:
    data: dict[str, Any] = {"role": message.role, "text": message.content}
    if message.calls:
        data["toolCalls"] = [
            {"id": call.id, "name": call.name, "arguments": call.arguments} for call in message.calls
        ]
    if message.call_id:
        data["toolCallId"] = message.call_id
    return data


def _calls(given: object) -> list[ToolCall]:
    return [
        ToolCall(_text(call.get("id")), _text(call.get("name")), _text(call.get("arguments")) or "{}")
        for call in (given if isinstance(given, list) else ())
        if isinstance(call, dict) and _text(call.get("name"))
    ]


def _text_in(piece: object) -> str:
    return _text(piece.get("text")) if isinstance(piece, dict) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
