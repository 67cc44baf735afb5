"""One request for vectors, answered by a provider through litellm."""

import json
from types import ModuleType
from typing import Any

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure
from codelab_models.host.upstream import ModelCall, arguments, cost, explained, parameters_in

PASSED_ON = frozenset({"input", "dimensions", "encoding_format"})
"""Fields of the embeddings API that reach the provider."""


def read_embedding_call(body: bytes, key: str, access: str) -> ModelCall:
    """Check a request.

    Args:
        body: The JSON of a request for embeddings.
        key: The key that came in the Authorization header, or an empty string.
        access: JSON of further parameters, or an empty string.

    Raises:
        ModelFailure: It is no such request.
    """
    try:
        data = json.loads(body)
        parameters = parameters_in(access)
    except (ValueError, RecursionError) as error:
        raise _bad("It is not JSON") from error
    if not isinstance(data, dict) or not isinstance(data.get("model"), str) or not data["model"]:
        raise _bad("`model` must name a model")
    texts = data.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts or not all(isinstance(one, str) for one in texts):
        raise _bad("`input` must be a text or a list of texts")
    fields = {name: data[name] for name in PASSED_ON if data.get(name) is not None}
    return ModelCall(data["model"], {**fields, "input": texts}, False, key, parameters)


async def embeddings(litellm: ModuleType, call: ModelCall) -> dict[str, Any]:
    """Return vectors as the embeddings API has them, with their price in the usage where it is known.

    Raises:
        ModelError: The provider failed.
    """
    try:
        answer = await litellm.aembedding(**arguments(call))
        data: dict[str, Any] = answer.model_dump(mode="json", exclude_none=True)
    except ModelError:
        raise
    except Exception as error:
        raise explained(error, call) from None  # the provider's words may hold the key
    data["model"] = call.model
    if isinstance(usage := data.get("usage"), dict):
        usage["cost"] = cost(litellm, call, usage)
    return data


def _bad(why: str) -> ModelError:
    return failure(FailureKind.REFUSED, "The model host does not understand the request", why=why)
