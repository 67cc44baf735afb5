"""How many tokens a request has by the model's own tokenizer, where somebody can say so at once.

The model host, vLLM and llama.cpp's server answer ``POST /tokenize`` at the root of their address. The first
two count a conversation as the model reads it. The third counts a text, and makes one of a conversation at
``POST /apply-template``.
"""

import asyncio
from typing import Any, Protocol, runtime_checkable

from codelab.core.errors import ModelError
from codelab_models.chat import ChatModel
from codelab_models.explaining import parsed
from codelab_models.transport import Address, exchange, import_httpx, short_body
from codelab_models.wire import ChatRequest

COUNT_SECONDS = 2.0
"""Longest wait for a count: an estimate is there at once, and the server counts with its answer anyway."""

_FIELDS = ("model", "messages", "tools", "prompt")
_COUNT_BYTES = 64_000_000  # vLLM and llama.cpp list the tokens too


@runtime_checkable
class TokenCounter(Protocol):
    """A ``ChatModel`` that may know the tokenizer of its models."""

    async def count(self, request: ChatRequest) -> int | None:
        """Return a request's tokens as ``count_tokens`` does."""
        ...


async def count_tokens(model: ChatModel, request: ChatRequest) -> int | None:
    """Return how many tokens a request has by the tokenizer of the model that it names.

    Args:
        model: What would answer; it is not asked to.
        request: As it would be sent.

    Returns:
        The number; 0 where nobody knows the tokenizer; None where the answer did not come within
        ``COUNT_SECONDS``, or the model has to be loaded first.
    """
    return await model.count(request) if isinstance(model, TokenCounter) else 0


async def count_at(address: Address, body: dict[str, Any], seconds: float = COUNT_SECONDS) -> int | None:
    """Ask a server to count; see ``count_tokens`` for what is returned.

    Args:
        address: The server; its key goes with the request.
        body: ``model``, ``messages`` and perhaps ``tools``, as the chat API has them, or ``prompt``, a text.
        seconds: Longest wait.
    """
    root = Address(address.base_url.removesuffix("/v1"), address.socket, address.headers, address.name)
    asked: dict[str, Any] = {name: body[name] for name in _FIELDS if name in body}
    await import_httpx()  # for which a count would not wait, but the request that follows does
    try:
        async with asyncio.timeout(seconds):
            said = await _answer(root, "/tokenize", asked, seconds)
            if "count" in said:
                return _counted(said)
            if "tokens" not in said:
                return 0
            read = asked if "prompt" in asked else await _answer(root, "/apply-template", asked, seconds)
            text = {"content": read.get("prompt", ""), "add_special": True, "parse_special": True}
            tokens = (await _answer(root, "/tokenize", text, seconds)).get("tokens")
            return len(tokens) if isinstance(tokens, list) else 0
    except (ModelError, TimeoutError):
        return None


def _counted(said: dict[str, Any]) -> int | None:
    if said.get("later"):
        return None
    count = said["count"]
    return count if isinstance(count, int) and not said.get("estimated") else 0


async def _answer(root: Address, path: str, body: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Return what a server answers, nothing where it refuses."""
    async with exchange(root, path, body, seconds=seconds) as response:
        text = await short_body(response, root, _COUNT_BYTES)
    data = parsed(text) if response.status_code == 200 else None
    return data if isinstance(data, dict) else {}
