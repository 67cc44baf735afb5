"""Model servers on this machine: the ports on which they usually listen, and what answers there."""

import asyncio
import importlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from codelab.core.errors import ModelError
from codelab_models.explaining import parsed
from codelab_models.failures import FailureKind, ModelFailure
from codelab_models.ollama import ollama_facts
from codelab_models.ollama_host import base_of_host
from codelab_models.registry.profile import Facts
from codelab_models.transport import Address, base_url_of, exchange, on_this_machine, told

PROBE_SECONDS = 0.5
MOST_MODELS = 100
MOST_LIST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server may be.

    Attributes:
        title: Its name for a person.
        provider: litellm's prefix for its models; empty where it can only be used as ``models.endpoint``.
        base_url: Ends in ``/v1``.
        api_key: What the server wants to be asked with; servers on this machine want none.
    """

    title: str
    provider: str
    base_url: str
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Server:
    """What was found at a place.

    Attributes:
        place: Where.
        models: The names that it lists, as it says them.
        facts: What it says about each of them.
        trouble: Why it cannot be asked, a clause; empty if it answered.
        absent: Nothing listens there.
    """

    place: Place
    models: tuple[str, ...] = ()
    facts: Mapping[str, Facts] = field(default_factory=dict)
    trouble: str = ""
    absent: bool = False

    def named(self, model: str) -> str:
        """Return the name by which litellm knows one of its models."""
        return f"{self.place.provider}/{model}" if self.place.provider else model

    def has(self, model: str) -> bool:
        """Tell whether it lists a model, by its own name; Ollama's ``:latest`` may be left out."""
        return model in self.models or f"{model}:latest" in self.models


ENDPOINT = "models.endpoint"
"""Title of the server that the setting names."""

USUAL_PLACES = (
    Place("Ollama", "ollama", "http://127.0.0.1:11434/v1"),
    Place("LM Studio", "lm_studio", "http://127.0.0.1:1234/v1"),
    Place("vLLM", "hosted_vllm", "http://127.0.0.1:8000/v1"),
    Place("llama.cpp", "", "http://127.0.0.1:8080/v1"),
)

_BASES = {
    "ollama": ("OLLAMA_API_BASE",),
    "lm_studio": ("LM_STUDIO_API_BASE",),
    "hosted_vllm": ("HOSTED_VLLM_API_BASE",),
}


def places_for(environ: Mapping[str, str]) -> tuple[Place, ...]:
    """Return where servers may be on this machine: the usual ports, or those that the environment names."""
    return tuple(place for usual in USUAL_PLACES if (place := _placed(usual, environ)) is not None)


def _placed(usual: Place, environ: Mapping[str, str]) -> Place | None:
    named = next((environ[name] for name in _BASES.get(usual.provider, ()) if environ.get(name)), "")
    if not named and usual.provider == "ollama":
        named = base_of_host(environ)
    if not named:
        return usual
    try:
        url = base_url_of(named)
    except ModelError:
        return None
    # What is elsewhere is not looked for: nobody has asked for a connection to it yet.
    return Place(usual.title, usual.provider, url) if is_loopback(url) else None


def endpoint_place(url: str, environ: Mapping[str, str]) -> Place:
    """Return the endpoint that a setting names, asked with the key for it.

    Raises:
        ModelError: It is no URL.
    """
    key = environ.get("CODELAB_API_KEY") or environ.get("OPENAI_API_KEY") or ""
    return Place(ENDPOINT, "", base_url_of(url), key)


def is_loopback(url: str) -> bool:
    """Tell whether a URL names this machine."""
    return on_this_machine(urlsplit(url).hostname or "")


async def look_at(places: Iterable[Place], *, seconds: float = PROBE_SECONDS) -> list[Server]:
    """Ask every place at once what models it has.

    Args:
        places: Where to look.
        seconds: Longest wait for each.
    """
    # Its import takes a while, and is not the servers' time.
    await asyncio.to_thread(importlib.import_module, "httpx")
    return list(await asyncio.gather(*(_look(place, seconds) for place in places)))


async def _look(place: Place, seconds: float) -> Server:
    address = Address(place.base_url).with_key(place.api_key)
    try:
        entries = await _listed(address, seconds)
    except TimeoutError:
        return Server(place, trouble=f"{address.where} said nothing for {seconds:g} s")
    except ModelError as error:
        absent = isinstance(error, ModelFailure) and error.kind is FailureKind.UNREACHABLE
        why = f"nothing answers at {address.where}" if absent else f"{address.where} broke off"
        return Server(place, trouble=why, absent=absent)
    if entries is None:
        return Server(place, trouble=f"{address.where} sends no list of models")
    if place.provider == "hosted_vllm" and not any(one.get("owned_by") == "vllm" for one in entries):
        place = replace(place, title="A server")  # many others listen at this port
    facts = {one["id"]: _said(one) for one in entries}
    more = await _told_by_itself(place, tuple(facts), seconds)
    return Server(place, tuple(facts), {name: {**said, **more.get(name, {})} for name, said in facts.items()})


async def _listed(address: Address, seconds: float) -> list[dict[str, Any]] | None:
    """Return the entries of a list of models that have a name, or None for anything else.

    Raises:
        TimeoutError: It did not come in time.
        ModelError: There is no server, or it broke off.
    """
    body = bytearray()
    async with asyncio.timeout(seconds), exchange(address, "/models", None, seconds=seconds) as response:
        with told(address):
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > MOST_LIST_BYTES:
                    return None
    data = parsed(bytes(body).decode("utf-8", "replace"))
    listed = data.get("data") if isinstance(data, dict) else None
    if response.status_code != 200 or not isinstance(listed, list):
        return None
    return [one for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str)][:MOST_MODELS]


async def _told_by_itself(place: Place, models: Sequence[str], seconds: float) -> Mapping[str, Facts]:
    """Return what a server says of its models in an API of its own."""
    if place.provider == "ollama" and models:
        return await ollama_facts(place.base_url, models, seconds=seconds)
    if place.provider == "lm_studio" and models:
        own = Address(f"{place.base_url.removesuffix('/v1')}/api/v0")
        with suppress(TimeoutError, ModelError):  # before 0.3.6 there was none
            return {one["id"]: _said(one) for one in await _listed(own, seconds) or ()}
    return {}


def _said(entry: dict[str, Any]) -> Facts:
    """Return what an entry of a list says beyond the name.

    vLLM says ``max_model_len``, llama.cpp ``meta.n_ctx_train``, OpenRouter ``context_length``; LM Studio the
    rest, with the context that a model is loaded with before the one that it was made for.
    https://lmstudio.ai/docs/developer/rest/endpoints
    """
    facts: dict[str, str | int | float | bool] = {}
    meta = entry.get("meta")
    counts = [entry.get(name) for name in _CONTEXTS]
    counts.append(meta.get("n_ctx_train") if isinstance(meta, dict) else None)
    for count in counts:
        if isinstance(count, int) and not isinstance(count, bool) and count > 0:
            facts["context"] = count
            break
    if (kind := entry.get("type")) in ("llm", "vlm", "embeddings"):
        facts |= {"chat": kind != "embeddings", "embedding": kind == "embeddings", "vision": kind == "vlm"}
    can = entry.get("capabilities")
    if isinstance(can, list) and "tool_use" in can:
        facts["calls"] = "native"
    return facts


_CONTEXTS = ("max_model_len", "loaded_context_length", "max_context_length", "context_length")
