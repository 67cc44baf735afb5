"""Who answers a request, decided from the model's name."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Protocol

from codelab_models.host.upstream import ModelCall
from codelab_models.local_models import is_local


class Backend(Protocol):
    """Answers in the terms of the OpenAI API; closing or cancelling stops the work.

    Every method raises ``ModelError`` where it fails.
    """

    def stream(self, call: ModelCall) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the chunks of an answer to a chat request, usage last."""
        ...

    async def complete(self, call: ModelCall) -> dict[str, Any]:
        """Return the whole answer to a chat request."""
        ...

    async def embed(self, call: ModelCall) -> dict[str, Any]:
        """Return the vectors of a request for embeddings."""
        ...

    async def models(self) -> list[str]:
        """Return the names of its models."""
        ...


@dataclass(frozen=True, slots=True)
class Backends:
    """All that the host can ask.

    Attributes:
        providers: Whatever litellm reaches.
        local: GGUF files on this machine.
    """

    providers: Backend
    local: Backend

    def of(self, model: str) -> Backend:
        """Return the one that has a model."""
        return self.local if is_local(model) else self.providers

    async def models(self) -> list[str]:
        """Return the names of all models, those on this machine first.

        Raises:
            ModelError: The providers cannot be loaded, or the person's settings not read.
        """
        return [*await self.local.models(), *await self.providers.models()]
