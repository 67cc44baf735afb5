"""From settings to an embedder."""

import importlib
import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab_models.embedding_client import RemoteEmbedder
from codelab_models.gguf import fingerprint
from codelab_models.local_models import is_local, model_folders, path_of
from codelab_models.naming import of_file
from codelab_models.providers import access_for, provider_of
from codelab_models.rendezvous import ACCESS_HEADER, limits_header
from codelab_models.sentence_models import BY_LIBRARY, is_sentence_model, read_sentence_model
from codelab_models.transport import Address, base_url_of

if TYPE_CHECKING:
    from codelab_models.embedding import Embedder

BUNDLED = "bundled"
"""Source of the embedder that comes with CodeLab."""

NONE = "none"
"""Value of ``models.embedding`` with which nothing is embedded."""

_LOCAL_SECONDS = 1800.0
"""The longest wait for the vectors of 64 texts: a large embedder on a slow machine takes minutes."""


def source_of(models: ModelSettings) -> str:
    """Return in one text which embedder the settings name: which vectors are wanted, and who makes them.

    It is empty for none, ``bundled`` for the bundled one where there is one.
    """
    if not models.embedding:
        return BUNDLED if has_bundled() else ""
    if models.embedding == NONE:
        return ""
    if is_local(models.embedding):
        return json.dumps({"model": models.embedding, "endpoint": "", "api_base": ""})
    base = "" if models.endpoint else models.api_base
    return json.dumps({"model": models.embedding, "endpoint": models.endpoint, "api_base": base})


def open_embedder(
    source: str, places: Places, settings: Settings, environ: Mapping[str, str]
) -> "Embedder | None":
    """Return the embedder that a source names; nothing is started or asked before its first use.

    Args:
        source: As ``source_of`` made it, perhaps from settings of before.
        places: Where the model host's folder is.
        settings: How the host is started.
        environ: The environment that holds the keys.

    Returns:
        The embedder, or None for an empty source, or one that is not there any more.

    Raises:
        ModelError: The endpoint is no URL, the key cannot be a key, or there is no such file.
    """
    if source == BUNDLED:
        return bundled_embedder()
    if not source:
        return None
    named = json.loads(source)
    model, endpoint = str(named["model"]), str(named["endpoint"])
    if endpoint:
        key = environ.get("CODELAB_API_KEY") or environ.get("OPENAI_API_KEY") or ""
        address = Address(base_url_of(endpoint)).with_key(key)

        async def at_endpoint() -> Address:
            return address

        return RemoteEmbedder(f"{model} at {address.where}", model, at_endpoint)
    if is_local(model):
        return _local_embedder(model, places, settings)
    models = settings.models.model_copy(update={"api_base": named["api_base"], "embedding": model})
    access = access_for(model, models, environ)

    async def at_host() -> Address:
        from codelab_models.start import ready_host

        host = await ready_host(places, settings)
        headers = {
            **host.headers,
            **limits_header(models),
            ACCESS_HEADER: json.dumps(dict(access.parameters)),
        }
        return replace(host, headers=headers).with_key(access.api_key)

    where = f" at {Address(named['api_base']).where}" if named["api_base"] else ""
    return RemoteEmbedder(f"{model}{where}", model, at_host, explained=True)


def _local_embedder(model: str, places: Places, settings: Settings) -> "Embedder":
    folders = model_folders(Path.home(), places.models, settings.models.local_folders)
    path = path_of(model, folders)

    async def at_host() -> Address:
        from codelab_models.start import ensure_host

        return await ensure_host(places, settings)

    # Another file of the same name makes other vectors.
    name = f"{model} {fingerprint(path)}"
    if is_sentence_model(model):
        known = read_sentence_model(path)
        return RemoteEmbedder(
            f"{name} {known.pooling}",
            f"{BY_LIBRARY}{path}",
            at_host,
            seconds=_LOCAL_SECONDS,
            explained=True,
            prompts=(known.query, known.passage),
        )
    return RemoteEmbedder(name, of_file(path), at_host, seconds=_LOCAL_SECONDS, explained=True)


def without_passwords(source: str) -> str:
    """Return a source as it may be stored: no user's name or password in its URLs."""
    if not source or source == BUNDLED:
        return source
    named = json.loads(source)
    return json.dumps({**named, **{key: _bare(named[key]) for key in ("endpoint", "api_base")}})


def still_allowed(stored: str, models: ModelSettings) -> str:
    """Return the source to open in place of a stored one, or an empty string if no query may go there.

    The bundled one may be asked at any time; another only if the settings still name the same server.
    """
    if stored in ("", BUNDLED):
        return stored
    now = source_of(models)
    if now in ("", BUNDLED):
        return ""
    before, current = json.loads(stored), json.loads(now)
    same_server = all(before[key] == _bare(current[key]) for key in ("endpoint", "api_base"))
    same_provider = provider_of(before["model"]).name == provider_of(current["model"]).name
    if not same_server or not (before["endpoint"] or same_provider):
        return ""
    return json.dumps({**current, "model": before["model"]})


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def has_bundled() -> bool:
    """Tell whether an embedder is bundled."""
    return files("codelab_models").joinpath("embedder", "data", "rows.npy").is_file()


def bundled_embedder() -> "Embedder | None":
    """Return the embedder that comes with CodeLab, or None if none does."""
    if not has_bundled():
        return None
    loaded: Embedder = importlib.import_module("codelab_models.embedder.bundled").load()
    return loaded
