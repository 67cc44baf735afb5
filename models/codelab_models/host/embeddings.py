"""One request for vectors, answered by a provider through litellm."""

from types import ModuleType
from typing import Any

from codelab.core.errors import ModelError
from codelab_models.host.calls import ModelCall
from codelab_models.host.upstream import arguments, explained


async def embeddings(litellm: ModuleType, call: ModelCall) -> dict[str, Any]:
    """Return vectors as the embeddings API has them.

    Raises:
        ModelError: The provider failed.
    """
    try:
        answer = await litellm.aembedding(**arguments(call))
        data: dict[str, Any] = answer.model_dump(mode="json", exclude_none=True)
    except ModelError:
        raise
    except Exception as error:  # litellm's errors have no common class
        raise explained(error, call) from None  # the provider's words may hold the key
    data["model"] = call.model
    return data
