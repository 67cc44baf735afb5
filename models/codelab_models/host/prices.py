"""What a request costs, by litellm's table of prices, and what it may cost at most."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import ModuleType
from typing import Any

from codelab_models.host.calls import ModelCall
from codelab_models.providers import LOCAL_PROVIDERS

log = logging.getLogger("codelab.host")

BYTES_PER_TOKEN = 2
"""Fewer than any usual text has (English and code have about four), so the estimate errs on the safe side."""

USUAL_MOST_TOKENS_OUT = 8_192
"""Where neither the request nor litellm's table says how long an answer may be."""


def cost(litellm: ModuleType | None, call: ModelCall, usage: Mapping[str, Any]) -> float:
    """Return the price of the tokens that a provider counted, in US dollars, 0 where it is not known."""
    return _price(
        litellm,
        call,
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        cache_read_input_tokens=tokens_cached(usage),
        cache_creation_input_tokens=_count(usage.get("cache_creation_input_tokens")),
    )


def tokens_cached(usage: Mapping[str, Any]) -> int:
    """Return how many tokens of the request the provider had in its own cache."""
    details = usage.get("prompt_tokens_details")
    return _count(details.get("cached_tokens")) if isinstance(details, Mapping) else 0


def tokens_in_at_most(call: ModelCall) -> int:
    """Return a number of tokens that a request does not exceed, whatever the tokenizer."""
    return len(json.dumps(call.fields, ensure_ascii=False).encode()) // BYTES_PER_TOKEN + 100


def capped(
    litellm: ModuleType | None, call: ModelCall, left_usd: float | None, least: int
) -> tuple[ModelCall, float]:
    """Return a request that costs no more than what is left, and the most that it can cost.

    A request whose answer could cost more may answer with fewer tokens only.

    Args:
        litellm: Knows the prices; None where nothing costs anything.
        call: The request.
        left_usd: What may be spent on it, in US dollars; None for any amount.
        least: An answer must be allowed so many tokens.

    Returns:
        The request and its price at most: more than ``left_usd`` if not even the shortest answer fits.
    """
    asked = call.fields.get("max_completion_tokens") or call.fields.get("max_tokens")
    most = asked if isinstance(asked, int) and asked > 0 else _most_tokens_out(litellm, call)
    tokens_in = tokens_in_at_most(call)
    price = _price(litellm, call, prompt_tokens=tokens_in, completion_tokens=most)
    if left_usd is None or price <= left_usd:
        return call, price
    request = _price(litellm, call, prompt_tokens=tokens_in, completion_tokens=0)
    affordable = int(most * (left_usd - request) / (price - request)) if price > request else 0
    if affordable < min(least, most):
        return call, price
    name = "max_completion_tokens" if "max_completion_tokens" in call.fields else "max_tokens"
    return replace(call, fields={**call.fields, name: affordable}), left_usd


def _most_tokens_out(litellm: ModuleType | None, call: ModelCall) -> int:
    if litellm is None:
        return USUAL_MOST_TOKENS_OUT
    known = litellm.model_cost.get(call.model) or litellm.model_cost.get(call.model.partition("/")[2]) or {}
    return _count(known.get("max_output_tokens") or known.get("max_tokens")) or USUAL_MOST_TOKENS_OUT


def _price(litellm: ModuleType | None, call: ModelCall, **counts: int) -> float:
    if litellm is None or call.provider in LOCAL_PROVIDERS:
        return 0.0  # litellm would ask the server what it has, and wait for it
    try:
        return float(sum(litellm.cost_per_token(model=call.model, **counts)))
    except Exception as error:  # litellm raises this very class where it knows no price
        _note_unpriced(call.model, type(error).__name__)
        return 0.0


@lru_cache(maxsize=1000)
def _note_unpriced(model: str, kind: str) -> None:
    """Say once for each model that it counts as free."""
    log.info("no price is known for %r, so it counts as free (%s)", model[:100], kind)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
