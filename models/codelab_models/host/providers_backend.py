"""The models of all providers, through litellm; see ``codelab_models.host.routing.Backend``."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from types import ModuleType
from typing import Any

from codelab_models.host.calls import ModelCall
from codelab_models.host.embeddings import embeddings
from codelab_models.host.providers_library import ProvidersLibrary
from codelab_models.host.upstream import complete, stream


class ProvidersBackend:
    """Waits for litellm, then asks it.

    Args:
        library: litellm.
    """

    def __init__(self, library: ProvidersLibrary) -> None:
        self._library = library

    async def stream(self, call: ModelCall) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the chunks of an answer; see ``upstream.stream``."""
        async with aclosing(stream(await self._library.get(), call)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def complete(self, call: ModelCall) -> dict[str, Any]:
        """Return a whole answer; see ``upstream.complete``."""
        return await complete(await self._library.get(), call)

    async def embed(self, call: ModelCall) -> dict[str, Any]:
        """Return vectors; see ``embeddings.embeddings``."""
        return await embeddings(await self._library.get(), call)

    async def models(self) -> list[str]:
        """Return the chat models that litellm knows, each with its provider's name before it."""
        return chat_models(await self._library.get())


def chat_models(litellm: ModuleType) -> list[str]:
    """Return the chat models that litellm knows, each with its provider's name before it."""
    names = set()
    known: dict[str, dict[str, Any]] = litellm.model_cost
    for name, facts in known.items():
        provider = str(facts.get("litellm_provider", ""))
        if facts.get("mode") == "chat" and provider:
            names.add(name if name.startswith(f"{provider}/") else f"{provider}/{name}")
    return sorted(names)
