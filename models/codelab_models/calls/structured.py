"""Answers held to a JSON schema: one object with the reasoning, the calls and the answer."""

import json
from collections.abc import Sequence
from typing import Any

from codelab_models.calls.dialects.written import Written, call_of, name_in
from codelab_models.calls.written_json import Unreadable, read_json
from codelab_models.wire import Message, ToolCall, ToolSpec

THINKING, CALLS, ANSWER = "thinking", "calls", "answer"


def answer_schema(tools: Sequence[ToolSpec]) -> dict[str, Any]:
    """Return the schema of an answer: reasoning first, since what comes later may build on it.

    Args:
        tools: What may be called; their own definitions are moved to the top under names of their own.
    """
    definitions: dict[str, Any] = {}
    choices = []
    for tool in tools:
        parameters = {key: value for key, value in tool.parameters.items() if key not in ("$defs", "title")}
        for name, definition in tool.parameters.get("$defs", {}).items():
            definitions[f"{tool.name}-{name}"] = _moved(definition, tool.name)
        arguments = _moved(parameters, tool.name)
        choices.append(_object({"name": {"const": tool.name, "type": "string"}, "arguments": arguments}))
    calls = {"type": "array", "items": {"anyOf": choices}}
    schema = _object({THINKING: {"type": "string"}, CALLS: calls, ANSWER: {"type": "string"}})
    return {**schema, "$defs": definitions} if definitions else schema


def read_structured(text: str) -> tuple[str, list[Written]]:
    """Return the prose and the calls of such an answer.

    A server that does not hold the model to the schema may let prose through; it is the answer then.
    """
    begin = text.find("{")
    if begin < 0:
        return text, []
    try:
        value = read_json(text, begin, complete=False).value
    except Unreadable as error:
        if f'"{CALLS}"' not in text:
            return text, []
        problem = f"the answer is no JSON: {error}"
        return "", [Written(0, len(text), name_in(text), text[begin:], problem=problem)]
    if not isinstance(value, dict) or not {THINKING, CALLS, ANSWER} & set(value):
        return text, []
    calls = value.get(CALLS) or []
    listed = calls if isinstance(calls, list) else [calls]
    found = [call_of(call, begin, len(text)) for call in listed]
    said = value.get(ANSWER) or (value.get(THINKING) if found else "")
    return said if isinstance(said, str) else "", found


def as_structured(message: Message) -> str:
    """Return an earlier answer as it would have been written under the schema."""
    calls = [{"name": call.name, "arguments": arguments_of(call)} for call in message.calls]
    thinking, answer = (message.content, "") if calls else ("", message.content)
    return json.dumps({THINKING: thinking, CALLS: calls, ANSWER: answer}, ensure_ascii=False)


def arguments_of(call: ToolCall) -> Any:
    """Return the arguments of an earlier call; of one that was refused nothing, its result says why."""
    try:
        return {} if call.problem else json.loads(call.arguments)
    except ValueError:
        return {}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _moved(schema: Any, tool: str) -> Any:
    """Return a schema whose references point to where the definitions of its tool were moved."""
    if isinstance(schema, list):
        return [_moved(one, tool) for one in schema]
    if not isinstance(schema, dict):
        return schema
    moved = {key: _moved(value, tool) for key, value in schema.items()}
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        moved["$ref"] = f"#/$defs/{tool}-{reference.removeprefix('#/$defs/')}"
    return moved
