"""Joins the pieces of a streamed answer to one message.

Servers differ in how they send tool calls: in pieces with an index (OpenAI), whole in one event, without
an index or an id, or with index 0 for each of several calls.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from codelab.core.ids import new_id
from codelab_models.wire import Completion, Message, ToolCall


@dataclass
class _Call:
    index: int | None
    id: str
    name: str
    arguments: list[str] = field(default_factory=list)


@dataclass
class Answer:
    """An answer that grows with each event of a stream."""

    model: str
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: list[_Call] = field(default_factory=list)
    finish_reason: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    told: dict[str, Any] = field(default_factory=dict)

    def add(self, event: dict[str, Any]) -> tuple[str, bool]:
        """Take in an event or a whole answer.

        Returns:
            The text to show now, and whether the model made any progress at all (text, thought or call).
        """
        if isinstance(named := event.get("model"), str) and named:
            self.model = named
        self._count(event.get("usage"))
        if isinstance(told := event.get("codelab"), dict):
            self.told |= told
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return "", False
        delta = choice.get("delta") or choice.get("message")
        text, moved = self._delta(delta) if isinstance(delta, dict) else ("", False)
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            self.finish_reason = reason
        return text, moved

    def completion(self) -> Completion:
        """Return the whole answer."""
        calls = tuple(
            ToolCall(call.id or new_id("call"), call.name, "".join(call.arguments) or "{}")
            for call in self.calls
        )
        reason = self.finish_reason or "stop"
        if calls and reason in ("stop", "function_call"):
            reason = "tool_calls"
        extra = {"reasoning": "".join(self.reasoning)} | self.told if self.reasoning else self.told
        message = Message("assistant", "".join(self.text), calls)
        return Completion(
            message, reason, self.model, self.tokens_in, self.tokens_out, self.cost_usd, extra=extra
        )

    def _count(self, usage: Any) -> None:
        if isinstance(usage, dict):
            self.tokens_in = _number(usage.get("prompt_tokens"), self.tokens_in)
            self.tokens_out = _number(usage.get("completion_tokens"), self.tokens_out)
            cost = usage.get("cost")
            if isinstance(cost, int | float) and not isinstance(cost, bool) and cost >= 0:
                self.cost_usd = float(cost)

    def _delta(self, delta: dict[str, Any]) -> tuple[str, bool]:
        text = _text_of(delta.get("content"))
        if text:
            self.text.append(text)
        thought = _text_of(delta.get("reasoning_content") or delta.get("reasoning"))
        if thought:
            self.reasoning.append(thought)
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else []:
            if isinstance(call, dict):
                self._call(call)
        return text, bool(text or thought or calls)

    def _call(self, piece: dict[str, Any]) -> None:
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        name = function.get("name")
        name = name if isinstance(name, str) else ""
        id = piece.get("id")
        id = id if isinstance(id, str) else ""
        index = piece.get("index")
        index = index if isinstance(index, int) else None
        call = self._begun(index, id, name)
        if call is None:
            call = _Call(index, id, name)
            self.calls.append(call)
        else:
            call.id = call.id or id
            call.name = call.name or name
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            call.arguments.append(arguments)
        elif arguments is not None:
            call.arguments.append(json.dumps(arguments))

    def _begun(self, index: int | None, id: str, name: str) -> _Call | None:
        """Return the call that a piece belongs to, or nothing if it begins a new one."""
        if index is None and id:
            return next((call for call in self.calls if call.id == id), None)
        same = [call for call in self.calls if index is None or call.index == index]
        if not same:
            return None
        last = same[-1]
        if id and last.id and id != last.id:
            return next((call for call in same if call.id == id), None)
        # Without ids, a name after arguments can only be the next call.
        if name and not id and last.arguments and any(last.arguments):
            return None
        return last


def _number(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(text for text in texts if isinstance(text, str))
    return ""
