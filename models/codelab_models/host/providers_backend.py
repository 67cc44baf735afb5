"""The models of all providers, through litellm; see ``codelab_models.host.routing.Backend``."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from codelab_models.host.calls import ModelCall
from codelab_models.host.embeddings import embeddings
from codelab_models.host.encodings import Encodings
from codelab_models.host.providers_library import ProvidersLibrary
from codelab_models.host.upstream import complete, stream
from codelab_models.registry.known_models import chat_models


class ProvidersBackend:
    """Waits for litellm, then asks it.

    Args:
        library: litellm.
    """

    def __init__(self, library: ProvidersLibrary) -> None:
        self._library = library
        self._encodings = Encodings()

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

    async def count(self, call: ModelCall) -> int | None:
        """Return a request's tokens, of models whose encoding is published; nobody waits for the import."""
        if (litellm := self._library.now) is None:
            return None
        return await asyncio.to_thread(self._encodings.count, litellm, call)

    async def models(self) -> list[str]:
        """Return the chat models in litellm's map, which is read as a file: nobody waits for the import."""
        return await asyncio.to_thread(chat_models)
