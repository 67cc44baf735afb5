"""From settings to a model."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab_models.chat import ChatModel
from codelab_models.client import IDLE_SECONDS, EndpointModel
from codelab_models.local_models import is_local
from codelab_models.providers import Access, access_for
from codelab_models.rendezvous import ACCESS_HEADER
from codelab_models.transport import Address
from codelab_models.wire import ChatRequest, Completion, TextDelta

PATIENT_SECONDS = 86_400.0
"""The longest wait for a model on this machine: what is said of local models is when they are done."""


def open_chat_model(places: Places, settings: Settings, environ: Mapping[str, str]) -> ChatModel | None:
    """Return the model that the settings name; nothing is started or asked before its first request.

    Args:
        places: Where the model host's folder is.
        settings: ``models.endpoint`` is asked directly, with the key in ``CODELAB_API_KEY`` or
            ``OPENAI_API_KEY``, unless ``models.chat`` names a file; else ``models.chat`` through the host.
        environ: The environment that holds the keys.

    Returns:
        The model, or None if the settings name none.

    Raises:
        ModelError: ``models.endpoint`` is no URL, or the key cannot be a key.
    """
    models = settings.models
    if models.endpoint and not is_local(models.chat):
        key = environ.get("CODELAB_API_KEY") or environ.get("OPENAI_API_KEY") or ""
        return EndpointModel(
            models.endpoint, models.chat, api_key=key, first_token_seconds=models.first_token_seconds
        )
    if models.chat:
        return HostModel(places, settings, access_for(models.chat, models, environ))
    return None


def how_to_add_a_model() -> str:
    """Say in one line how a person gets a model."""
    return "Add a model, e.g. `codelab config set models.chat ollama/qwen2.5-coder:14b`"


class HostModel:
    """The model of ``models.chat``, asked through the model host.

    Args:
        places: Where the host's folder is.
        settings: Which model, and how long to wait for it.
        access: The key and what else the provider needs; sent with each request.
    """

    def __init__(self, places: Places, settings: Settings, access: Access) -> None:
        self._places = places
        self._settings = settings
        self._access = access

    async def stream(self, request: ChatRequest) -> AsyncGenerator[TextDelta | Completion, None]:
        """Answer a request; see ``ChatModel``."""
        from codelab_models.start import ensure_host, ready_host

        model = request.model or self._settings.models.chat
        found = ensure_host if is_local(model) else ready_host
        address = await found(self._places, self._settings)
        async with aclosing(self._client(address, model).stream(request)) as parts:
            async for part in parts:
                yield part

    def _client(self, address: Address, model: str) -> EndpointModel:
        models = self._settings.models
        # A large model on a slow machine reads a long prompt for minutes; the person can stop it.
        patience = PATIENT_SECONDS if is_local(model) else 0.0
        headers = {**address.headers, ACCESS_HEADER: json.dumps(dict(self._access.parameters))}
        return EndpointModel(
            Address(address.base_url, address.socket, headers, address.name),
            models.chat,
            api_key=self._access.api_key,
            first_token_seconds=patience or models.first_token_seconds,
            idle_seconds=patience or IDLE_SECONDS,
            explained=True,
        )
