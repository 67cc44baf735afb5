"""What litellm's own map says about models, read as a file: importing litellm takes seconds."""

import difflib
import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from codelab_models.registry.profile import Facts

_FILE = "model_prices_and_context_window_backup.json"
_ENDPOINTS_FILE = "provider_endpoints_support_backup.json"
_CHAT_MODES = frozenset({"chat", "completion", "responses"})
_BY_FLAG = {
    "supports_reasoning": "reasoning",
    "supports_parallel_function_calling": "parallel_calls",
    "supports_response_schema": "json_schema",
    "supports_vision": "vision",
    "supports_native_streaming": "streaming",
}

# Those that litellm knows and neither of its files has; a test compares them with litellm.
_MORE_PROVIDERS = frozenset(
    {
        *(
            "a2a_agent",
            "aiohttp_openai",
            "aws_textract",
            "azure_speech",
            "charity_engine",
            "dotprompt",
            "gdc",
        ),
        *("humanloop", "langflow", "langfuse", "litellm_agent", "modelscope", "mongodb", "nadir", "nano-gpt"),
        *("nvidia_riva", "parasail", "sagemaker_nova", "valkey", "vertex_ai_beta"),
    }
)


def map_facts(model: str) -> Facts:
    """Return what the map says about a model; nothing where it does not know it.

    Args:
        model: As litellm names it, with or without its provider.
    """
    return dict(_known().get(model) or _known().get(_without_provider(model), {}))


def is_known(model: str) -> bool:
    """Tell whether the map has a model under this very name."""
    return model in _known()


@lru_cache(maxsize=1)
def chat_models() -> list[str]:
    """Return the models of the map that answer chat requests, each with its provider's name before it."""
    names = set()
    for name, raw in _raw_map().items():
        provider = str(raw.get("litellm_provider", ""))
        if raw.get("mode") == "chat" and provider:
            names.add(name if name.startswith(f"{provider}/") else f"{provider}/{name}")
    return sorted(names)


def known_providers() -> frozenset[str]:
    """Return the names of providers that litellm knows; empty if litellm's file is not there."""
    return _providers()


def similar_models(model: str, limit: int = 3) -> list[str]:
    """Return models of the map that a person may have meant, best first."""
    return difflib.get_close_matches(model, list(_known()), n=limit, cutoff=0.75)


def _without_provider(model: str) -> str:
    provider, slash, rest = model.partition("/")
    # The map has the models of these without their provider's name, as people name them.
    return rest if slash and provider in ("openai", "anthropic", "cohere", "bedrock", "vertex_ai") else ""


@lru_cache(maxsize=1)
def _known() -> dict[str, Facts]:
    return {name: facts for name, raw in _raw_map().items() if (facts := _facts(raw))}


@lru_cache(maxsize=1)
def _providers() -> frozenset[str]:
    named = (raw.get("litellm_provider", "") for raw in _raw_map().values())
    in_map = {str(name) for name in named if name}
    if not in_map:
        return frozenset()
    folder = _folder()
    listed = _read(folder / _ENDPOINTS_FILE).get("providers") if folder else None
    return frozenset({*in_map, *_MORE_PROVIDERS, *(map(str, listed) if isinstance(listed, dict) else ())})


def _raw_map() -> dict[str, dict[str, Any]]:
    folder = _folder()
    read = _read(folder / _FILE) if folder else {}
    return {name: raw for name, raw in read.items() if isinstance(raw, dict)}


def _folder() -> Path | None:
    found = find_spec("litellm")
    places = found.submodule_search_locations if found else None
    return Path(places[0]) if places else None


def _read(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_bytes())
    except (OSError, ValueError):  # another litellm may keep it elsewhere: then less is known
        return {}
    return read if isinstance(read, dict) else {}


def _facts(raw: dict[str, Any]) -> Facts:
    """Return the facts in an entry of the map. What it leaves out may be so or not."""
    mode = raw.get("mode")
    if mode == "embedding":
        return {"chat": False, "embedding": True, **_number(raw, "max_input_tokens", "context")}
    if mode not in _CHAT_MODES:
        return {}
    facts: dict[str, str | int | float | bool] = {
        name: raw[flag] for flag, name in _BY_FLAG.items() if isinstance(raw.get(flag), bool)
    }
    if isinstance(calls := raw.get("supports_function_calling"), bool):
        facts["calls"] = "native" if calls else "json"
    facts |= {**_number(raw, "max_input_tokens", "context"), **_number(raw, "max_output_tokens", "output")}
    return facts or {"chat": True}


def _number(raw: dict[str, Any], field: str, name: str) -> Facts:
    value = raw.get(field)
    return {name: value} if isinstance(value, int) and not isinstance(value, bool) and value > 0 else {}
