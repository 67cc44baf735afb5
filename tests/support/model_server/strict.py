"""What a real server would refuse, so that a scripted one does too."""

import json
from typing import Any

ROLES = ("system", "developer", "user", "assistant", "tool")


def wrong_with(body: dict[str, Any]) -> str:
    """Return what is wrong with the body of a chat request, or an empty string.

    Checked is what the servers of large providers check: the messages and their roles, that each result
    follows the call that it answers and each call has a result, that arguments are JSON objects, the tools.
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages must be a list that is not empty"
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "model must name a model"
    return _wrong_with_tools(body.get("tools")) or _wrong_with_messages(messages)


def _wrong_with_messages(messages: list[Any]) -> str:
    waiting: list[str] = []
    for number, message in enumerate(messages, 1):
        where = f"message {number}"
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            return f"{where} has no role, or one that is not known"
        if message["role"] == "tool":
            if message.get("tool_call_id") not in waiting:
                return f"{where} answers the call {message.get('tool_call_id')!r}, which does not wait for it"
            waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            return f"{where} comes before the result of the call {waiting[0]!r}"
        calls = message.get("tool_calls") or []
        if message.get("content") is None and not calls:
            return f"{where} has neither content nor calls"
        for call in calls:
            if problem := _wrong_with_call(call):
                return f"{where}: {problem}"
            waiting.append(call["id"])
    return f"the call {waiting[0]!r} has no result" if waiting else ""


def _wrong_with_call(call: Any) -> str:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not call.get("id") or not function.get("name"):
        return "a call needs an id and a function with a name"
    try:
        arguments = json.loads(function.get("arguments", ""))
    except (TypeError, ValueError):
        arguments = None
    return "" if isinstance(arguments, dict) else f"the arguments of {function['name']} are no JSON object"


def _wrong_with_tools(tools: Any) -> str:
    if tools is None:
        return ""
    if not isinstance(tools, list) or not tools:
        return "tools must be a list that is not empty, or left out"
    names = []
    for tool in tools:
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function" or not function.get("name"):
            return "a tool needs the type function, and a function with a name"
        names.append(function["name"])
    twice = [name for name in names if names.count(name) > 1]
    return f"the tool {twice[0]} is offered twice" if twice else ""
