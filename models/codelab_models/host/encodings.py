"""Tokens of OpenAI's models by their published encodings, which litellm brings along: nothing is fetched.

Other providers publish no tokenizer, or one that would have to be downloaded. For those litellm would count
by an encoding of OpenAI's, which is no better than the estimate of ``codelab_models.tokens``.
"""

import hashlib
import importlib
import json
import logging
from collections import OrderedDict
from threading import Lock
from types import ModuleType
from typing import Any

from codelab_models.host.calls import ModelCall

log = logging.getLogger("codelab.host")

MOST_MESSAGES = 20_000
"""Messages whose numbers are remembered: a conversation grows at its end."""

_COUNTED_LIKE = {"o200k_base": "gpt-4o", "o200k_harmony": "gpt-4o", "cl100k_base": "gpt-4"}
# A model by whose name litellm finds each encoding; it does not know all names that have it.


class Encodings:
    """Counts requests; safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, int] = OrderedDict()
        self._lock = Lock()

    def count(self, litellm: ModuleType, call: ModelCall) -> int:
        """Return how many tokens a request has, 0 where the model's encoding is not known.

        Args:
            litellm: The library.
            call: ``messages`` and perhaps ``tools`` of the chat API, or ``prompt``, a text.
        """
        like = _counted_like(call.model)
        if not like:
            return 0
        fields = call.fields
        try:
            if "prompt" in fields:
                return int(litellm.token_counter(model=like, text=fields["prompt"]))
            around = int(litellm.token_counter(model=like, messages=[], tools=fields.get("tools")))
            return around + sum(self._of(litellm, like, message) for message in fields["messages"])
        except Exception as error:  # litellm refuses what it does not understand with errors of any kind
            log.info("a request for %r cannot be counted: %s", call.model[:100], type(error).__name__)
            return 0

    def _of(self, litellm: ModuleType, like: str, message: dict[str, Any]) -> int:
        digest = hashlib.blake2b(f"{like} {json.dumps(message)}".encode(), digest_size=16).digest()
        with self._lock:
            if (kept := self._kept.get(digest)) is not None:
                self._kept.move_to_end(digest)
                return kept
        count = int(litellm.token_counter(model=like, messages=[message], count_response_tokens=True))
        with self._lock:
            self._kept[digest] = count
            if len(self._kept) > MOST_MESSAGES:
                self._kept.popitem(last=False)
        return count


def _counted_like(model: str) -> str:
    names = importlib.import_module("tiktoken.model")  # of litellm's own requirements
    try:
        return _COUNTED_LIKE.get(names.encoding_name_for_model(model.rpartition("/")[2]), "")
    except KeyError:
        return ""
