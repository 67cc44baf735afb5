"""How tools are offered, and how earlier calls and their results are told again."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

from codelab_models.calls.grades import Grade
from codelab_models.calls.manner import PLAIN, Manner
from codelab_models.calls.structured import answer_schema, arguments_of, as_structured
from codelab_models.registry.profile import Notation
from codelab_models.wire import ChatRequest, Message, ToolCall, ToolSpec


def create(request: ChatRequest, grade: Grade, manner: Manner = PLAIN) -> ChatRequest:
    """Return a request as a model of some grade understands it.

    It is a function of the request alone, and each message becomes the same text whatever follows it, so that
    a provider's cache of the beginning holds from turn to turn.

    Args:
        request: The conversation, with tools, calls and results as the chat API has them.
        grade: What the model understands.
        manner: How it is told of tools.
    """
    if grade is Grade.NATIVE:
        messages = tuple(_readable(message) for message in request.messages)
        return replace(request, messages=messages)
    schema = answer_schema(request.tools) if grade is Grade.SCHEMA and request.tools else None
    told = _told(request.messages, grade, manner.notation)
    if request.tools:
        told = _with_instructions(told, _instructions(request.tools, grade, manner))
    return replace(request, messages=tuple(told), tools=(), response_schema=schema)


def call_text(name: str, arguments: Any, notation: Notation = "tags") -> str:
    """Return a call as models are asked to write it."""
    key = "parameters" if notation == "object" else "arguments"
    body = json.dumps({"name": name, key: arguments}, ensure_ascii=False)
    return body if notation == "object" else f"<tool_call>\n{body}\n</tool_call>"


def _readable(message: Message) -> Message:
    """Return a message whose calls any server can read: what could not be understood loses its arguments.

    Some servers parse the arguments of earlier calls, and answer none of the conversation if one is no JSON.
    The call's result, which follows, quotes what was wrong.
    """
    if not any(call.problem for call in message.calls):
        return message
    calls = tuple(replace(call, arguments="{}") if call.problem else call for call in message.calls)
    return replace(message, calls=calls)


def _told(messages: Sequence[Message], grade: Grade, notation: Notation) -> list[Message]:
    """Return messages with calls and results as text, alternating roles, and a system's only at first."""
    names = {call.id: call.name for message in messages for call in message.calls}
    told: list[Message] = []
    for message in messages:
        one = _as_text(message, names, grade, notation)
        if one.role == "system" and told:
            one = replace(one, role="user")
        if told and told[-1].role == one.role != "system":
            joined = f"{told[-1].content}\n\n{one.content}"
            told[-1] = replace(told[-1], content=joined)
        else:
            told.append(one)
    return told


def _as_text(message: Message, names: dict[str, str], grade: Grade, notation: Notation) -> Message:
    if message.role == "tool":
        body = message.content.replace("</tool_response", "< /tool_response")  # a result cannot end itself
        name = names.get(message.call_id, "")
        return Message("user", f'<tool_response name="{name}">\n{body}\n</tool_response>')
    if message.role != "assistant":
        return message
    if grade is Grade.SCHEMA:
        return Message("assistant", as_structured(message))
    written = [call_text(call.name, arguments_of(call), notation) for call in message.calls]
    return Message("assistant", "\n".join(part for part in (message.content, *written) if part))


def _with_instructions(messages: list[Message], instructions: str) -> list[Message]:
    if messages and messages[0].role == "system":
        first = replace(messages[0], content=f"{messages[0].content}\n\n{instructions}")
        return [first, *messages[1:]]
    return [Message("system", instructions), *messages]


def _instructions(tools: Sequence[ToolSpec], grade: Grade, manner: Manner) -> str:
    listed = "\n".join(
        json.dumps(
            {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
            ensure_ascii=False,
        )
        for tool in tools
    )
    example = tools[0].name, _sample(tools[0].parameters, tools[0].parameters)
    if grade is Grade.SCHEMA:
        shown = as_structured(Message("assistant", "", (ToolCall("", example[0], json.dumps(example[1])),)))
        return _template("json").replace("{tools}", listed).replace("{example}", shown)
    shown = call_text(*example, manner.notation)
    how = _template(manner.notation).replace("{example}", shown)
    worked = _template("worked").replace("{example}", shown).replace("{name}", example[0])
    offered = _template("text").replace("{tools}", listed).replace("{how}", how)
    return offered.replace("{worked}", f"\n{worked}" if manner.worked else "").rstrip()


@cache
def _template(name: str) -> str:
    file = resources.files("codelab_models.calls") / "instructions" / f"{name}.md"
    return file.read_text(encoding="utf-8").strip()


def _sample(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """Return a value of a schema for the example: of an object, what it requires."""
    if options := schema.get("enum") or schema.get("examples"):
        return options[0]
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        return {name: _sample(properties.get(name, {}), root) for name in schema.get("required", ())}
    samples: dict[Any, Any] = {"integer": 1, "number": 1, "boolean": True, "array": [], "null": None}
    kind = schema.get("type")
    return samples.get(kind, "...") if isinstance(kind, str) else "..."
