"""One request to a provider through litellm, with the key that came along with it."""

import re
from collections.abc import AsyncGenerator
from types import ModuleType
from typing import Any

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure, one_line, refusal
from codelab_models.host.calls import ModelCall
from codelab_models.host.keys import no_key
from codelab_models.host.prompt_caching import with_cache_marks
from codelab_models.providers import provider_of
from codelab_models.transport import seconds_to_wait

UPSTREAM_SECONDS = 3600.0

_CUT = re.compile(  # in the words of aiohttp and httpx
    r"payload is not completed|peer closed connection|incomplete (chunked )?read", re.IGNORECASE
)
_NO_KEY = re.compile(  # in the words of litellm and the openai client
    r"missing (\w+ )?(credentials|api key)|api_key client option must be set", re.IGNORECASE
)


async def stream(litellm: ModuleType, call: ModelCall) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the chunks of an answer as the chat API has them, usage last; closing it stops the provider.

    Raises:
        ModelError: The provider failed; also if it broke off, which litellm hides.
    """
    answer = None
    try:
        answer = await litellm.acompletion(
            **arguments(call), stream=True, stream_options={"include_usage": True}
        )
        async for chunk in answer:
            data = chunk.model_dump(mode="json", exclude_none=True)
            _restore(data, call)
            if _finishes(data) and _finish_was_invented(answer):
                where = provider_of(call.model).title
                why = "Its stream ended without saying that it is complete"
                raise failure(FailureKind.CUT, f"{where} broke off in the middle of the answer", why=why)
            yield data
    except ModelError:
        raise
    except Exception as error:  # litellm's errors have no common class
        raise explained(error, call) from None  # the provider's words may hold the key
    finally:
        if answer is not None:
            await answer.aclose()


async def complete(litellm: ModuleType, call: ModelCall) -> dict[str, Any]:
    """Return a whole answer as the chat API has it.

    Raises:
        ModelError: The provider failed.
    """
    try:
        answer = await litellm.acompletion(**arguments(call))
    except Exception as error:  # litellm's errors have no common class
        raise explained(error, call) from None
    data: dict[str, Any] = answer.model_dump(mode="json", exclude_none=True)
    _restore(data, call)
    return data


def explained(error: Exception, call: ModelCall) -> ModelError:
    """Turn an exception of litellm into one of ours, without the key."""
    kind = type(error).__name__
    secrets = tuple(value for value in (call.api_key, *call.parameters.values()) if value)
    said = re.sub(r"^((litellm\.)?\w+(Error|Exception)\b[\s:.-]*)+", "", str(error).strip())
    message = one_line(said.split(" Original exception:")[0], secrets=secrets)
    where = provider_of(call.model).title
    if "LLM Provider NOT provided" in message:
        return failure(
            FailureKind.UNKNOWN_MODEL,
            f"No provider is known for the model {call.model!r}",
            fix="Name its provider too in `models.chat`, e.g. `ollama/qwen2.5-coder:14b`",
        )
    if _NO_KEY.search(message):
        return no_key(call)
    if _CUT.search(message):
        return failure(FailureKind.CUT, f"{where} broke off in the middle of the answer", why=message)
    if kind in ("APIConnectionError", "InternalServerError") and re.match(
        r"connection error|cannot connect", message, re.I
    ):
        base = call.parameters.get("api_base", "")
        return failure(
            FailureKind.UNREACHABLE,
            f"{where} cannot be reached",
            why=f"Nothing answers at {base}" if base else message,
        )
    if kind == "Timeout":
        return failure(FailureKind.SLOW, f"{where} does not answer", why=message)
    code = {
        "ContextWindowExceededError": "context_length_exceeded",
        "ContentPolicyViolationError": "content_filter",
        "NotFoundError": "model_not_found",
    }.get(kind, str(getattr(error, "code", "") or ""))
    status = getattr(error, "status_code", 500)
    wait = seconds_to_wait(_header(error, "retry-after"))
    return refusal(int(status), code, message, model=call.model, where=where, retry_after=wait)


def arguments(call: ModelCall) -> dict[str, Any]:
    """Return what litellm is called with."""
    arguments: dict[str, Any] = {**with_cache_marks(call), **call.parameters, "model": call.model}
    arguments |= {"num_retries": 0, "max_retries": 0, "timeout": UPSTREAM_SECONDS}
    if call.api_key:
        arguments["api_key"] = call.api_key
    elif call.parameters.get("api_base"):
        arguments["api_key"] = "none"  # servers of one's own want none, client libraries want something
    return arguments


def _restore(data: dict[str, Any], call: ModelCall) -> None:
    data["model"] = call.model
    data.pop("provider_specific_fields", None)


def _finishes(data: dict[str, Any]) -> bool:
    choices = data.get("choices") or []
    return bool(choices) and choices[0].get("finish_reason") is not None


def _finish_was_invented(answer: Any) -> bool:
    """Tell whether the provider's stream ended without a finish reason, for which litellm says ``stop``."""
    reasons = (
        getattr(answer, name, "unknown") for name in ("received_finish_reason", "intermittent_finish_reason")
    )
    return all(reason is None for reason in reasons)


def _header(error: Exception, name: str) -> str | None:
    for headers in (
        getattr(error, "litellm_response_headers", None),
        getattr(getattr(error, "response", None), "headers", None),
    ):
        if headers is not None and (value := headers.get(name)):
            return str(value)
    return None
