"""What ``/tokenize`` answers: how many tokens a request has, in the form of vLLM's path of this name."""

import json
from collections.abc import Mapping
from typing import Any

from codelab_models.host.calls import read_count
from codelab_models.host.routing import Backends
from codelab_models.tokens import tokens_of_text


async def counted(backends: Backends, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return ``count``; with ``estimated`` where the tokenizer is not known, and ``later`` if it may be soon.

    Args:
        backends: Who can be asked.
        body: JSON: ``model`` with ``messages`` and perhaps ``tools``, or with ``prompt``, a text.
        headers: Names in lower case.

    Raises:
        ModelError: It is no such request, or the model cannot be had.
    """
    call = read_count(body, headers).calls[0]
    if count := await backends.of(call).count(call):
        return {"count": count}
    estimate = {"count": _estimate(call.fields), "estimated": True}
    return estimate | ({"later": True} if count is None else {})


def _estimate(fields: dict[str, Any]) -> int:
    return tokens_of_text(fields.get("prompt") or json.dumps(fields, ensure_ascii=False))
