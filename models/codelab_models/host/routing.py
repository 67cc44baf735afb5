"""Who answers a request, decided from the model's name."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Protocol

from codelab_models.host.calls import ModelCall
from codelab_models.host.servers_backend import ServersBackend, server_of
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

    async def count(self, call: ModelCall) -> int | None:
        """Return a request's tokens, 0 where the tokenizer is not known, None where it may be soon."""
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
        servers: Servers that need no translation.
    """

    providers: Backend
    local: Backend
    servers: Backend = field(default_factory=ServersBackend)

    def of(self, call: ModelCall) -> Backend:
        """Return the one that has a model."""
        if is_local(call.model):
            return self.local
        return self.servers if server_of(call) else self.providers

    async def models(self) -> list[str]:
        """Return the names of all models, those on this machine first.

        Raises:
            ModelError: The providers cannot be loaded, or the person's settings not read.
        """
        return [*await self.local.models(), *await self.providers.models()]
