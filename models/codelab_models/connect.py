"""From settings to a model."""

import json
import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from urllib.parse import urlsplit

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.core.errors import ModelError
from codelab_models.accounts.counted import CountedModel
from codelab_models.chat import ChatModel
from codelab_models.client import IDLE_SECONDS, EndpointModel
from codelab_models.failures import FailureKind, ModelFailure
from codelab_models.in_turn import ModelsInTurn
from codelab_models.local_models import is_local
from codelab_models.naming import EDITOR
from codelab_models.providers import access_for
from codelab_models.rendezvous import ACCESS_HEADER, AGENT_HEADER, SESSION_HEADER, limits_header
from codelab_models.transport import Address, base_url_of, on_this_machine
from codelab_models.wire import ChatRequest, Part, PromptRead

PATIENT_SECONDS = 86_400.0
"""The longest wait for a model on this machine: what is said of local models is when they are done."""


def open_chat_model(
    places: Places, settings: Settings, environ: Mapping[str, str], lent: ChatModel | None = None
) -> ChatModel | None:
    """Return the model that the settings name; nothing is started or asked before its first request.

    Args:
        places: Where the model host's folder is, and the accounts.
        settings: ``models.endpoint`` is asked directly, with the key in ``CODELAB_API_KEY`` or
            ``OPENAI_API_KEY``, unless ``models.chat`` names a file; else ``models.chat`` through the host.
        environ: The environment that holds the keys.
        lent: The model that the client lends: ``editor`` in the settings, and the only one where they name
            none.

    Returns:
        The model, or None if there is none.

    Raises:
        ModelError: ``models.endpoint`` is no URL, or the key cannot be a key.
    """
    models = settings.models
    if lent is not None:
        lent = CountedModel(lent, places.accounts, models, provider=EDITOR, name=EDITOR)
    of_roles = tuple(name for name in (models.planning, models.code, models.fast) if name)
    if models.endpoint and not is_local(models.chat):
        key = environ.get("CODELAB_API_KEY") or environ.get("OPENAI_API_KEY") or ""
        local = on_this_machine(urlsplit(base_url_of(models.endpoint)).hostname or "")
        patience = models.local_first_token_seconds if local else models.first_token_seconds
        endpoint = EndpointModel(
            models.endpoint, models.chat, api_key=key, first_token_seconds=patience or math.inf
        )
        where = endpoint.address.where
        server: ChatModel = CountedModel(endpoint, places.accounts, models, provider=where, name=models.chat)
    elif models.chat or of_roles:
        server = HostModel(places, settings, environ)
    else:
        return lent
    names = (models.chat, *models.fallbacks)
    editor = lent is not None or any(name.partition("/")[0] == EDITOR for name in (*names, *of_roles))
    if not editor and not (models.endpoint and (models.fallbacks or of_roles)):
        return server  # the host itself goes from one model to the next
    return ModelsInTurn(server, lent, names, at_once=not models.endpoint)


def how_to_add_a_model() -> str:
    """Say in one line how a person gets a model."""
    return "Add a model, e.g. `codelab config set models.chat ollama/qwen2.5-coder:14b`"


class HostModel:
    """The model of ``models.chat``, or the one that a request names, asked through the model host.

    Args:
        places: Where the host's folder is.
        settings: Which model, its fallbacks and limits.
        environ: The environment that holds the keys; what the models asked need of it goes with each request.
    """

    def __init__(self, places: Places, settings: Settings, environ: Mapping[str, str]) -> None:
        self._places = places
        self._settings = settings
        self._environ = environ
        self._address: Address | None = None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Part, None]:
        """Answer a request; see ``ChatModel``."""
        from codelab_models.start import ensure_host

        models = self._settings.models
        others = models.fallbacks if request.fallbacks is None else request.fallbacks
        asked = replace(request, model=request.model or models.chat, fallbacks=others)
        known = self._address is not None
        while True:
            if self._address is None:
                self._address = await ensure_host(self._places, self._settings)
            said = False
            try:
                async with aclosing(self._client(self._address, asked).stream(asked)) as parts:
                    async for part in parts:
                        said = said or not isinstance(part, PromptRead)
                        yield part
                return
            except ModelFailure as error:
                # The host of the last request may have ended since, because nobody asked it.
                if said or error.relayed or error.kind is not FailureKind.UNREACHABLE or not known:
                    raise
                self._address, known = None, False

    async def count(self, request: ChatRequest) -> int | None:
        """Count a request's tokens; see ``TokenCounter``."""
        from codelab_models.start import ensure_host

        asked = replace(request, model=request.model or self._settings.models.chat)
        try:
            if self._address is None:
                self._address = await ensure_host(self._places, self._settings)
        except ModelError:  # which the request itself will tell
            return None
        return await self._client(self._address, asked).count(asked)

    def _client(self, address: Address, request: ChatRequest) -> EndpointModel:
        models = self._settings.models
        access = access_for(request.model, models, self._environ)
        others = {
            name: {"api_key": other.api_key, **other.parameters}
            for name in request.fallbacks or ()
            if (other := access_for(name, models, self._environ))
        }
        headers = {
            **address.headers,
            **limits_header(models),
            ACCESS_HEADER: json.dumps({**access.parameters, **({"models": others} if others else {})}),
            SESSION_HEADER: _in_header(request.session),
            AGENT_HEADER: _in_header(request.agent),
            **({"Cache-Control": "no-store"} if request.fresh else {}),
        }
        return EndpointModel(
            Address(address.base_url, address.socket, headers, address.name),
            request.model,
            api_key=access.api_key,
            first_token_seconds=math.inf,  # the host watches each model that it asks
            # A large model on a slow machine pauses for minutes; the person can stop it.
            idle_seconds=PATIENT_SECONDS if is_local(request.model) else IDLE_SECONDS,
            explained=True,
        )


def _in_header(text: str) -> str:
    return "".join(character for character in text if character.isascii() and character.isprintable())
