"""What a program asks of the host: checked, with the models that may answer and the caller's own limits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure, one_line
from codelab_models.providers import ACCESS_PARAMETERS, LOCAL_PROVIDERS, provider_of
from codelab_models.rendezvous import ACCESS_HEADER, AGENT_HEADER, LIMITS_HEADER, SESSION_HEADER
from codelab_models.transport import on_this_machine

if TYPE_CHECKING:
    from codelab.config.settings import ModelSettings

CHAT_FIELDS = frozenset(
    {
        *("messages", "tools", "tool_choice", "parallel_tool_calls", "temperature", "top_p", "max_tokens"),
        *("max_completion_tokens", "stop", "seed", "response_format", "presence_penalty"),
        *("frequency_penalty", "reasoning_effort", "logit_bias", "logprobs", "top_logprobs"),
    }
)
"""Fields of the chat API that reach the provider; whatever else litellm would take is not for callers."""

EMBEDDING_FIELDS = frozenset({"input", "dimensions", "encoding_format"})
"""Fields of the embeddings API that reach the provider."""

MOST_MODELS = 10
"""In one chain."""

_NAME_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A request to one model.

    Attributes:
        model: As litellm names it.
        fields: What is passed on.
        stream: Whether the answer is wanted in pieces.
        api_key: The caller's key.
        parameters: What else the provider needs, such as ``api_base``.
    """

    model: str
    fields: dict[str, Any] = field(repr=False)
    stream: bool
    api_key: str = field(repr=False)
    parameters: dict[str, str] = field(repr=False)

    @property
    def provider(self) -> str:
        """The provider's name."""
        return provider_of(self.model).name

    @property
    def local(self) -> bool:
        """Whether the model runs on this machine: its first token may take minutes, and costs nothing."""
        if base := self.parameters.get("api_base"):
            return on_this_machine(urlsplit(base).hostname or "")
        return self.provider in LOCAL_PROVIDERS


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came.

    Attributes:
        kind: ``chat``, ``embedding`` or ``count``.
        calls: The same request to each model that may answer it, in order; never empty.
        limits: The person's settings, as the face sent them.
        session: What the caller said it is for, for the accounts.
        agent: The agent at work, for the accounts.
        fresh: No answer of before may serve, nor is this one kept.
        with_usage: Whether a stream ends with the counts of tokens.
    """

    kind: str
    calls: tuple[ModelCall, ...]
    limits: "ModelSettings"
    session: str = ""
    agent: str = ""
    fresh: bool = False
    with_usage: bool = True


def read_chat(body: bytes, headers: Mapping[str, str]) -> Asked:
    """Check a chat request.

    ``models`` beside ``model`` names further models, asked in this order where the one before fails before it
    has said anything.

    Args:
        body: The JSON of a chat completion.
        headers: Names in lower case.

    Raises:
        ModelFailure: It is no chat request.
    """
    data = _json_object(body)
    _messages(data)
    fields = {name: value for name, value in data.items() if name in CHAT_FIELDS and value is not None}
    options = data.get("stream_options")
    return _asked(
        "chat",
        data,
        fields,
        headers,
        fresh="tools" in fields or "no-" in headers.get("cache-control", ""),
        with_usage=isinstance(options, dict) and options.get("include_usage") is True,
    )


def read_embedding(body: bytes, headers: Mapping[str, str]) -> Asked:
    """Check a request for embeddings; it has one model, since vectors of two do not mix.

    Raises:
        ModelFailure: It is no such request.
    """
    data = _json_object(body)
    texts = data.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts or not all(isinstance(one, str) for one in texts):
        raise bad("`input` must be a text or a list of texts")
    fields = {name: data[name] for name in EMBEDDING_FIELDS if data.get(name) is not None}
    asked = _asked("embedding", data, {**fields, "input": texts}, headers, fresh=True)
    return replace(asked, calls=asked.calls[:1])


def read_count(body: bytes, headers: Mapping[str, str]) -> Asked:
    """Check a request to count tokens: a conversation with its tools, or a text; of one model.

    Raises:
        ModelFailure: It is no such request.
    """
    data = _json_object(body)
    if "prompt" in data:
        if not isinstance(data["prompt"], str):
            raise bad("`prompt` must be a text")
        fields: dict[str, Any] = {"prompt": data["prompt"]}
    else:
        fields = {"messages": _messages(data), **({"tools": data["tools"]} if data.get("tools") else {})}
    asked = _asked("count", data, fields, headers, fresh=True)
    return replace(asked, calls=asked.calls[:1])


def read_limits(headers: Mapping[str, str]) -> "ModelSettings":
    """Return the person's settings that a caller sent along; the defaults where it sent none.

    Raises:
        ModelFailure: They are no settings.
    """
    from pydantic import ValidationError  # here, since the host should listen before it is loaded

    from codelab.config.settings import ModelSettings

    try:
        return ModelSettings.model_validate(_json_object(headers.get(LIMITS_HEADER.lower(), "") or "{}"))
    except ValidationError as error:
        raise bad(f"`{LIMITS_HEADER}` holds something that is no setting") from error


def where_of(call: ModelCall) -> str:
    """Return the provider's name for a person."""
    return provider_of(call.model).title


def bad(why: str) -> ModelError:
    """Return the error for a request that makes no sense."""
    return failure(FailureKind.REFUSED, "The model host does not understand the request", why=why)


def _json_object(body: bytes | str) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad("It is not JSON") from error
    if not isinstance(data, dict):
        raise bad("It is no JSON object")
    return data


def _messages(data: dict[str, Any]) -> list[dict[str, Any]]:
    messages = data.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
        raise bad("`messages` must be a list of messages")
    return messages


def _asked(
    kind: str,
    data: dict[str, Any],
    fields: dict[str, Any],
    headers: Mapping[str, str],
    *,
    fresh: bool,
    with_usage: bool = True,
) -> Asked:
    first = data.get("model")
    if not isinstance(first, str) or not first:
        raise bad("`model` must name a model")
    others = data.get("models") or []
    if not isinstance(others, list) or not all(isinstance(name, str) and name for name in others):
        raise bad("`models` must be a list of models' names")
    key = headers.get("authorization", "").removeprefix("Bearer ").strip()
    access = _json_object(headers.get(ACCESS_HEADER.lower(), "") or "{}")
    own = access.pop("models", {})
    calls = []
    for name in list(dict.fromkeys([first, *others]))[:MOST_MODELS]:
        given = own.get(name) if isinstance(own, dict) else None
        if name == first:
            given = {"api_key": key, **access}
        elif not isinstance(given, dict):  # a caller that speaks of one key means that provider
            given = {"api_key": key} if provider_of(name) == provider_of(first) else {}
        chosen = given.get("api_key")
        calls.append(
            ModelCall(
                name,
                fields,
                data.get("stream") is True,
                chosen if isinstance(chosen, str) else "",
                {n: value for n, value in given.items() if n in ACCESS_PARAMETERS and isinstance(value, str)},
            )
        )
    return Asked(
        kind,
        tuple(calls),
        read_limits(headers),
        one_line(headers.get(SESSION_HEADER.lower(), ""))[:_NAME_CHARACTERS],
        one_line(headers.get(AGENT_HEADER.lower(), ""))[:_NAME_CHARACTERS],
        fresh,
        with_usage,
    )
