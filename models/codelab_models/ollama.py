"""What Ollama says of its models beyond the OpenAI API: ``/api/show`` and ``/api/ps``.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any

from codelab.core.errors import ModelError
from codelab_models.explaining import parsed
from codelab_models.registry.profile import Facts
from codelab_models.transport import Address, exchange, told

USUAL_CONTEXT = 4096
"""Tokens that a model has there with less than 24 GB of graphics memory, if nobody asked for more.

Ollama cuts off the beginning of what is longer, and does not say so. How many a model that is not loaded will
get on a larger machine cannot be asked.
https://github.com/ollama/ollama/blob/main/docs/context-length.mdx
"""

MOST_SHOWN = 30
_MOST_BYTES = 4_000_000
_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)\s*$", re.MULTILINE)


async def ollama_facts(base_url: str, models: Iterable[str], *, seconds: float) -> dict[str, Facts]:
    """Ask what models can do; those about which it says nothing in time are left out.

    Args:
        base_url: Of its OpenAI API, ending in ``/v1``.
        models: Their names there.
        seconds: Longest wait for all.
    """
    root = Address(base_url.removesuffix("/v1"))
    shown = list(models)[:MOST_SHOWN]
    loaded, *said = await asyncio.gather(
        _ask(root, "/api/ps", None, seconds),
        *(_ask(root, "/api/show", {"model": name}, seconds) for name in shown),
    )
    running = loaded.get("models")
    contexts = {
        str(one.get("model") or one.get("name")): one.get("context_length")
        for one in (running if isinstance(running, list) else ())
        if isinstance(one, dict)
    }
    return {name: facts_of(one, contexts.get(name)) for name, one in zip(shown, said, strict=True) if one}


def facts_of(shown: Mapping[str, Any], loaded: object = None) -> Facts:
    """Return the facts in an answer of ``/api/show``.

    Args:
        shown: The answer.
        loaded: Tokens of context with which the model is loaded now, by ``/api/ps``, if it is.
    """
    facts: dict[str, str | int | float | bool] = {}
    info = shown.get("model_info")
    info = info if isinstance(info, dict) else {}
    trained = _count(info.get(f"{info.get('general.architecture')}.context_length"))
    written = _NUM_CTX.search(str(shown.get("parameters") or ""))
    context = _count(loaded) or (int(written[1]) if written else 0) or USUAL_CONTEXT
    facts["context"] = min(context, trained) if trained else context
    can = shown.get("capabilities")
    if isinstance(can, list) and can:
        facts["chat"] = "completion" in can
        facts["embedding"] = "embedding" in can
        facts["vision"] = "vision" in can
        facts["calls"] = "native" if "tools" in can else "json"
        facts |= {name: True for word, name in _BY_CAPABILITY.items() if word in can}
    return facts


_BY_CAPABILITY = {"thinking": "reasoning", "insert": "fill_in_the_middle"}


async def _ask(root: Address, path: str, body: dict[str, Any] | None, seconds: float) -> dict[str, Any]:
    said = bytearray()
    try:
        async with asyncio.timeout(seconds), exchange(root, path, body, seconds=seconds) as response:
            with told(root):
                async for piece in response.aiter_raw():
                    said += piece
                    if len(said) > _MOST_BYTES:
                        return {}
    except (TimeoutError, ModelError):  # an older Ollama, or one that is busy: less is known
        return {}
    data = parsed(bytes(said).decode("utf-8", "replace"))
    return data if response.status_code == 200 and isinstance(data, dict) else {}


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
