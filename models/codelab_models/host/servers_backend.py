"""Servers that speak the OpenAI API themselves, asked straight; see ``codelab_models.host.routing.Backend``.

Ollama, LM Studio, vLLM, llama.cpp and other servers of one's own need no translation, so they are asked
without litellm: at once, while that is still being imported, and with nothing lost of what they say.
"""

import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from codelab_models.client import IDLE_SECONDS, dislikes_stream_options
from codelab_models.counting import count_at
from codelab_models.explaining import Explainer, parsed
from codelab_models.failures import ModelFailure
from codelab_models.host.calls import ModelCall
from codelab_models.joining import Answer
from codelab_models.providers import provider_of
from codelab_models.reading import AnswerReader
from codelab_models.transport import Address, base_url_of, exchange, short_body

USUAL_ADDRESSES = {
    "ollama": "http://127.0.0.1:11434/v1",
    "lm_studio": "http://127.0.0.1:1234/v1",
    "hosted_vllm": "http://127.0.0.1:8000/v1",
    "llamafile": "http://127.0.0.1:8080/v1",
}
"""Where a server is if nobody says otherwise."""

ANSWER_BYTES = 64_000_000
_LONGEST_SECONDS = 3600.0


def server_of(call: ModelCall) -> str:
    """Return the base URL at which a model can be asked straight, or an empty string.

    Only plain HTTP: over TLS litellm keeps connections open, which is worth more there.
    """
    base = call.parameters.get("api_base") or USUAL_ADDRESSES.get(call.provider, "")
    if "/" not in call.model:
        return ""  # litellm knows some names without their provider
    known = call.provider == "openai" or call.provider in USUAL_ADDRESSES
    return base_url_of(base) if known and base.startswith("http://") else ""


class ServersBackend:
    """Forwards requests and hands on what comes back."""

    def __init__(self) -> None:
        self._uncountable: set[tuple[str, str]] = set()

    async def stream(self, call: ModelCall) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the chunks of an answer to a chat request, usage last."""
        address, explain = _address(call)
        body = {**_body(call), "stream": True, "stream_options": {"include_usage": True}}
        answer = Answer(call.model)
        while True:
            try:
                async with exchange(address, "/chat/completions", body, seconds=_LONGEST_SECONDS) as response:
                    if response.status_code != 200:
                        raise explain.refused(response, await short_body(response, address), call.model)
                    reader = AnswerReader(
                        response, address, explain, answer, first_seconds=math.inf, idle_seconds=IDLE_SECONDS
                    )
                    async with aclosing(reader.events()) as events:
                        async for event, _ in events:
                            yield _as_chunk(event, call)
                return
            except ModelFailure as error:
                if "stream_options" not in body or not dislikes_stream_options(error):
                    raise
                del body["stream_options"]

    async def complete(self, call: ModelCall) -> dict[str, Any]:
        """Return the whole answer to a chat request."""
        return await self._whole(call, "/chat/completions", "choices")

    async def embed(self, call: ModelCall) -> dict[str, Any]:
        """Return the vectors of a request for embeddings."""
        return {"object": "list", **await self._whole(call, "/embeddings", "data")}

    async def count(self, call: ModelCall) -> int | None:
        """Return a request's tokens, if the server has a path for that; one that has none is asked once."""
        address, _ = _address(call)
        if (key := (address.base_url, call.model)) in self._uncountable:
            return 0
        counted = await count_at(address, _body(call))
        if counted == 0:
            self._uncountable.add(key)
        return counted

    async def models(self) -> list[str]:
        """Return nothing: which servers run is not the host's to find out."""
        return []

    async def _whole(self, call: ModelCall, path: str, holds: str) -> dict[str, Any]:
        address, explain = _address(call)
        async with exchange(address, path, _body(call), seconds=_LONGEST_SECONDS) as response:
            text = await short_body(response, address, ANSWER_BYTES)
        if response.status_code != 200:
            raise explain.refused(response, text, call.model)
        data = parsed(text)
        if isinstance(data, dict) and data.get("error"):
            raise explain.error_object(data["error"], 0, call.model)
        if not isinstance(data, dict) or not isinstance(data.get(holds), list):
            raise explain.garbage(text[:200])
        return {**data, "model": call.model}


def _address(call: ModelCall) -> tuple[Address, Explainer]:
    address = Address(server_of(call)).with_key(call.api_key)
    where = provider_of(call.model).title
    if call.provider == "openai":  # which speaks of a way of talking, not of who talks
        where = address.where
    return replace(address, name=where), Explainer(where, (call.api_key,) if call.api_key else ())


def _body(call: ModelCall) -> dict[str, Any]:
    return {**call.fields, "model": call.model.partition("/")[2] or call.model}


def _as_chunk(event: dict[str, Any], call: ModelCall) -> dict[str, Any]:
    """Return an event as a chunk, also where the server sent its answer whole."""
    choices = event.get("choices")
    if isinstance(choices, list):
        choices = [
            {**choice, "delta": choice["message"]} if isinstance(choice.get("message"), dict) else choice
            for choice in choices
            if isinstance(choice, dict)
        ]
    return {**event, "object": "chat.completion.chunk", "choices": choices or [], "model": call.model}
