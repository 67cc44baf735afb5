"""Marks that let a provider keep the beginning of a conversation that will be sent again.

OpenAI, DeepSeek, Gemini and most servers of one's own find the common beginning by themselves. Claude keeps
what is marked: up to the last system message (with the tools before it) and up to the last message.
https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching
"""

from typing import Any

from codelab_models.host.calls import ModelCall

_MARK = {"type": "ephemeral"}


def with_cache_marks(call: ModelCall) -> dict[str, Any]:
    """Return the fields of a request, marked where the provider wants marks and the request will grow.

    Only a conversation with tools is sent again and again; a mark on any other costs more than it saves.
    """
    marked = call.provider == "anthropic" or (call.provider == "vertex_ai" and "claude" in call.model)
    if not marked or not call.fields.get("tools"):
        return call.fields
    messages = [dict(message) for message in call.fields["messages"]]
    last_of_system = max((n for n, one in enumerate(messages) if one.get("role") == "system"), default=None)
    for position in {last_of_system, len(messages) - 1} - {None}:
        message = messages[position] if position is not None else {}
        if isinstance(message.get("content"), str) and message["content"]:
            message["cache_control"] = _MARK
    return {**call.fields, "messages": messages}
