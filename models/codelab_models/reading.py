"""Reads one answer, streamed or whole, within limits of time and size."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING

from codelab.core.errors import ModelError
from codelab_models.explaining import Explainer, parsed
from codelab_models.joining import Answer
from codelab_models.sse import EventReader
from codelab_models.transport import Address, told
from codelab_models.wire import PromptRead

if TYPE_CHECKING:
    import httpx

ANSWER_BYTES = 16_000_000
LINE_BYTES = 1_000_000
LAST_EVENTS_SECONDS = 5.0
STREAM_BEGINNINGS = (b"data:", b"event:", b"id:", b"retry:", b":")


class AnswerReader:
    """Reads the body of a response into an ``Answer``.

    Args:
        response: Its head has come.
        address: Who sends it.
        explain: Says what is wrong.
        answer: Is filled.
        first_seconds: Longest wait for the first piece; keep-alives do not count.
        idle_seconds: Longest pause between two pieces.
    """

    def __init__(
        self,
        response: "httpx.Response",
        address: Address,
        explain: Explainer,
        answer: Answer,
        *,
        first_seconds: float,
        idle_seconds: float,
    ) -> None:
        self._response = response
        self._address = address
        self._explain = explain
        self._answer = answer
        self._patience = first_seconds
        self._idle_seconds = idle_seconds
        self._started = False
        self._deadline = self._now() + first_seconds

    async def events(self) -> AsyncGenerator[tuple[dict[str, object], str], None]:
        """Yield each event of the stream with its text; a server that does not stream sends one.

        Raises:
            ModelFailure: It is late, cut, too long, an error or no answer at all.
        """
        events = EventReader(self._address.where, LINE_BYTES)
        streamed = understood = False
        head = bytearray()
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                head += b"" if streamed else piece
                if not streamed and _may_be_whole(head):
                    continue
                for event in events.feed(piece if streamed else bytes(head)):
                    understood = True
                    yield event, self._take(event)
                streamed = True
                if events.done:
                    return
        if not streamed:
            yield self._take_whole(bytes(head))
        elif not understood and not bytes(head).lstrip().startswith(STREAM_BEGINNINGS):
            raise self._explain.garbage(bytes(head[:200]).decode("utf-8", "replace"))
        elif not self._answer.finish_reason:
            raise self._explain.cut()

    def _take(self, event: dict[str, object]) -> str:
        if event.get("error"):
            raise self._explain.error_object(event["error"], 0, self._answer.model)
        text, moved = self._answer.add(event)
        if prompt_read(event):  # slow, but at work
            self._deadline = self._now() + self._patience
        if moved:
            self._started = True
            self._patience = self._idle_seconds
            self._deadline = self._now() + self._idle_seconds
        if self._answer.finish_reason:  # only counts may follow
            self._deadline = min(self._deadline, self._now() + LAST_EVENTS_SECONDS)
        return text

    def _take_whole(self, body: bytes) -> tuple[dict[str, object], str]:
        text = body.decode("utf-8-sig", "replace")
        data = parsed(text)
        if not isinstance(data, dict) or not ("choices" in data or "error" in data):
            raise self._explain.garbage(text[:200])
        said = self._take(data)
        self._answer.finish_reason = self._answer.finish_reason or "stop"
        return data, said

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        encoding = self._response.headers.get("content-encoding", "identity").lower()
        if encoding not in ("", "identity"):
            raise self._explain.garbage(f"an answer compressed with {encoding}, which was not asked for")
        received = 0
        pieces = self._response.aiter_raw()
        while (piece := await self._next(pieces)) is not None:
            received += len(piece)
            if received > ANSWER_BYTES:
                raise self._explain.endless(ANSWER_BYTES)
            yield piece

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        try:
            async with asyncio.timeout_at(self._deadline):
                with told(self._address):
                    return await anext(pieces, None)
        except TimeoutError as error:
            if self._answer.finish_reason:
                return None
            raise self._explain.slow("next" if self._started else "first", self._patience) from error
        except ModelError:
            if self._answer.finish_reason:  # complete but for a proper goodbye
                return None
            raise

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def prompt_read(event: Mapping[str, object]) -> PromptRead | None:
    """Return how far a model has read, where an event says so: those of our host and llama.cpp's server."""
    told = event.get("prompt_progress")
    if not isinstance(told, dict):
        return None
    processed, total = told.get("processed"), told.get("total")
    if isinstance(processed, int) and isinstance(total, int) and 0 <= processed <= total:
        return PromptRead(processed, total)
    return None


def _may_be_whole(head: bytearray) -> bool:
    """Tell whether a body that begins so may be one JSON answer."""
    begin = bytes(head).lstrip(b"\xef\xbb\xbf \r\n\t")
    return not begin or begin[:1] == b"{"
