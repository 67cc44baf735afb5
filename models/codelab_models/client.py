"""A model behind any OpenAI-compatible API, over HTTP or a unix socket."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from codelab_models.counting import COUNT_SECONDS, count_at
from codelab_models.encoding import request_body
from codelab_models.explaining import Explainer, parsed
from codelab_models.failures import TRY_AGAIN, FailureKind, ModelFailure, failure
from codelab_models.joining import Answer
from codelab_models.reading import AnswerReader, prompt_read
from codelab_models.transport import Address, backoff, base_url_of, exchange, short_body
from codelab_models.wire import ChatRequest, Completion, Part, PromptRead, TextDelta

RETRIES = 2
LONGEST_RETRY_SECONDS = 10.0  # no attempt begins later than this after the first
IDLE_SECONDS = 120.0


class EndpointModel:
    """A ``ChatModel`` behind a URL.

    Args:
        address: Where it is; a string is what a person wrote in ``models.endpoint``.
        model: The model asked where a request names none; empty takes the first that the server lists.
        api_key: Sent as a bearer token if not empty.
        first_token_seconds: Longest wait for the first piece of an answer, in each attempt; may be infinite.
        idle_seconds: Longest pause in the middle of one.
        retry_seconds: Wait before the second attempt; it doubles for the third.
        count_seconds: Longest wait for a count of tokens.
        explained: The server is the model host: its own explanation of errors is believed, it is told which
            models may answer instead, and nothing that it has relayed is tried again.

    Raises:
        ModelError: The address is no URL, or the key cannot be a key.
    """

    def __init__(
        self,
        address: Address | str,
        model: str = "",
        *,
        api_key: str = "",
        first_token_seconds: float = 30.0,
        idle_seconds: float = IDLE_SECONDS,
        retry_seconds: float = 0.5,
        count_seconds: float = COUNT_SECONDS,
        explained: bool = False,
    ) -> None:
        given = Address(base_url_of(address)) if isinstance(address, str) else address
        self.address = given.with_key(api_key)
        self.model = model
        self._explained = explained
        self._explain = Explainer(given.where, (api_key,) if api_key else (), believed=explained)
        self._first_token_seconds = first_token_seconds
        self._idle_seconds = idle_seconds
        self._retry_seconds = retry_seconds
        self._count_seconds = count_seconds
        self._uncountable: set[str] = set()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
        """Answer a request; see ``ChatModel``."""
        model = request.model or self.model or await self.first_model()
        body = request_body(request, model)
        if self._explained and request.fallbacks:
            body["models"] = list(request.fallbacks)
        attempt = 0
        clock = asyncio.get_running_loop().time
        patient_until = clock() + LONGEST_RETRY_SECONDS
        while True:
            shown = False
            try:
                async with aclosing(self._attempt(body, model)) as parts:
                    async for part in parts:
                        shown = shown or not isinstance(part, PromptRead)
                        yield part
                return
            except ModelFailure as error:
                if shown or error.relayed:
                    raise
                if "stream_options" in body and dislikes_stream_options(error):
                    del body["stream_options"]
                    continue
                pause = backoff(attempt, self._retry_seconds, error.retry_after)
                if error.kind not in TRY_AGAIN or attempt == RETRIES or clock() + pause > patient_until:
                    raise
                await asyncio.sleep(pause)
                attempt += 1

    async def count(self, request: ChatRequest) -> int | None:
        """Count a request's tokens; see ``TokenCounter``.

        Only the model host and servers at plain ``http://`` are asked: what is behind TLS is as a rule a
        provider that has no such path, and would be sent the whole conversation for nothing.
        """
        model = request.model or self.model
        if not model or model in self._uncountable or not self.address.base_url.startswith("http://"):
            return 0
        counted = await count_at(self.address, request_body(request, model), self._count_seconds)
        if counted == 0 and not self._explained:
            self._uncountable.add(model)
        return counted

    async def models(self) -> list[str]:
        """Return the names that the server lists.

        Raises:
            ModelError: It could not be asked.
        """
        try:
            async with exchange(self.address, "/models", None, seconds=self._first_token_seconds) as response:
                text = await short_body(response, self.address)
        except TimeoutError as error:
            raise self._explain.slow("first", self._first_token_seconds) from error
        if response.status_code != 200:
            raise self._explain.refused(response, text, "")
        data = parsed(text)
        listed = data.get("data") if isinstance(data, dict) else None
        if not isinstance(listed, list):
            raise self._explain.garbage(text)
        return [str(entry["id"]) for entry in listed if isinstance(entry, dict) and "id" in entry]

    async def first_model(self) -> str:
        """Return the first model that the server lists.

        Raises:
            ModelError: It lists none, or could not be asked.
        """
        if names := await self.models():
            return names[0]
        raise failure(FailureKind.UNKNOWN_MODEL, f"{self.address.where} lists no model")

    async def _attempt(self, body: dict[str, Any], model: str) -> AsyncGenerator[Part, None]:
        answer = Answer(model)
        seconds = self._first_token_seconds
        ends = asyncio.get_running_loop().time() + seconds
        try:
            async with exchange(self.address, "/chat/completions", body, seconds=seconds) as response:
                if response.status_code != 200:
                    raise self._explain.refused(response, await short_body(response, self.address), model)
                reader = AnswerReader(
                    response,
                    self.address,
                    self._explain,
                    answer,
                    first_seconds=max(0.0, ends - asyncio.get_running_loop().time()),
                    idle_seconds=self._idle_seconds,
                )
                async with aclosing(reader.events()) as events:
                    async for event, text in events:
                        if read := prompt_read(event):
                            yield read
                        if text:
                            yield TextDelta(text)
        except TimeoutError as error:
            raise self._explain.slow("first", seconds) from error
        yield self._completed(answer)

    def _completed(self, answer: Answer) -> Completion:
        completion = answer.completion()
        if completion.finish_reason == "content_filter":
            raise failure(FailureKind.FILTERED, "The provider's content filter stopped the answer")
        if not completion.message.content.strip() and not completion.message.calls:
            why = "It used up the tokens allowed" if completion.finish_reason == "length" else ""
            raise failure(FailureKind.EMPTY, f"{answer.model!r} answered nothing", why=why)
        return completion


def dislikes_stream_options(error: ModelFailure) -> bool:
    """Tell whether a server refused a request because it was asked to count tokens."""
    return error.kind is FailureKind.REFUSED and "stream_options" in error.why
