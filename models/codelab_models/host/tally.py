"""Counts what an answer has cost so far, also one that is never finished."""

import time
from types import ModuleType
from typing import Any

from codelab_models.accounts.ledger import Outcome
from codelab_models.host.calls import ModelCall
from codelab_models.host.prices import cost, tokens_cached

_CHARACTERS_PER_TOKEN = 4  # the usual rule of thumb for English and code


class Tally:
    """Watches the chunks of one attempt.

    Args:
        call: What was asked.
    """

    def __init__(self, call: ModelCall) -> None:
        self._call = call
        self._began = time.monotonic()
        self._first: float | None = None
        self._characters = 0
        self._usage: dict[str, Any] = {}

    @property
    def characters(self) -> int:
        """How much was said."""
        return self._characters

    def take(self, chunk: dict[str, Any]) -> None:
        """Take in a chunk, or a whole answer."""
        if isinstance(usage := chunk.get("usage"), dict):
            self._usage = usage
        if said := characters_in(chunk):
            self._characters += said
            if self._first is None:
                self._first = time.monotonic() - self._began

    def outcome(self, word: str, litellm: ModuleType | None) -> Outcome:
        """Return what is written down; where the provider did not count, what was said is counted roughly."""
        usage = self._usage
        if not usage and self._characters:
            asked = sum(len(str(one.get("content") or "")) for one in self._call.fields.get("messages", ()))
            usage = {
                "prompt_tokens": asked // _CHARACTERS_PER_TOKEN,
                "completion_tokens": self._characters // _CHARACTERS_PER_TOKEN,
            }
        known = usage.get("cost")
        price = known if isinstance(known, float) else cost(litellm, self._call, usage)
        return Outcome(
            word,
            time.monotonic() - self._began,
            int(usage.get("prompt_tokens") or 0),
            tokens_cached(usage),
            int(usage.get("completion_tokens") or 0),
            self._first,
            price,
        )


def characters_in(chunk: dict[str, Any]) -> int:
    """Return how much a chunk or a whole answer says: text, thought or calls; 0 for one that says nothing."""
    if chunk.get("object") == "list":  # vectors
        return 1
    said = 0
    for choice in chunk.get("choices") or ():
        delta = choice.get("delta") or choice.get("message") or {}
        for name in ("content", "reasoning_content", "reasoning", "refusal"):
            if isinstance(text := delta.get(name), str):
                said += len(text)
        for called in delta.get("tool_calls") or ():
            function = called.get("function") or {}
            said += len(function.get("name") or "") + len(function.get("arguments") or "")
    return said


def finish_reason(chunk: dict[str, Any]) -> str:
    """Return the finish reason in a chunk or whole answer, or an empty string."""
    choices = chunk.get("choices") or ()
    return str(choices[0].get("finish_reason") or "") if choices else ""
