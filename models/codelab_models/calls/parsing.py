"""What an answer calls."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from codelab.core.ids import new_id
from codelab_models.calls.dialects import find_all, find_marked
from codelab_models.calls.dialects.written import Written, bare_name
from codelab_models.calls.grades import Grade
from codelab_models.calls.structured import read_structured
from codelab_models.calls.validating import validate
from codelab_models.wire import Completion, ToolCall, ToolSpec

_THOUGHT_BEGINS = re.compile(r"\s*(?:<think>|\[THINK\])")
_THOUGHT_ENDS = re.compile(r"\s*(?:</think>|\[/THINK\])\s*")
_ENDS_ALONE = re.compile(r"\s*^[ \t]*(?:</think>|\[/THINK\])[ \t]*(?:\n\s*|\Z)", re.M)
_ENDS = (
    *("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "</s>", "<end_of_turn>", "<turn|>"),
    "<\uff5cend\u2581of\u2581sentence\uff5c>",
)
_EMPTY_FENCE = re.compile(r"```\w*\s*```")
_NO_NAME = "unreadable"
_CUT = "the answer reached its length limit before the call was complete; make shorter calls, one at a time"


def parse(answer: Completion, tools: Sequence[ToolSpec], grade: Grade) -> Completion:
    """Return an answer with its calls understood.

    Args:
        answer: What the model said.
        tools: The tools that it was offered.
        grade: How they were offered.

    Returns:
        The answer with the prose as its content. The arguments of each call are one JSON object that fits its
        tool, or the call's ``problem`` says why not, for the model. A call of a tool that was not offered has
        no problem of its own. ``extra`` holds ``reasoning`` that stood in the text and ``repairs``.
    """
    answer = _without_thought(answer)
    text = answer.message.content
    if not tools:
        said = read_structured(text)[0] if grade is Grade.SCHEMA else text
        return replace(answer, message=replace(answer.message, content=said))
    if answer.message.calls:
        prose = text
        found = [Written(0, 0, call.name, call.arguments, call.id) for call in answer.message.calls]
    elif grade is Grade.SCHEMA:
        prose, found = read_structured(text)
    elif grade is Grade.TEXT:
        found = find_all(text, {tool.name for tool in tools})
        prose = _prose(text, found)
    else:
        found = _leaked(text)
        prose = _prose(text, found)
    if not found:
        return replace(answer, message=replace(answer.message, content=prose))
    cut = answer.finish_reason == "length"
    calls, repairs = _understood(found, tools, cut)
    extra = {**answer.extra, "repairs": repairs} if repairs else answer.extra
    reason = answer.finish_reason if cut else "tool_calls"
    return replace(
        answer, message=replace(answer.message, content=prose, calls=calls), finish_reason=reason, extra=extra
    )


def parse_text(text: str, tools: Sequence[ToolSpec]) -> tuple[str, tuple[ToolCall, ...]]:
    """Return the prose and the calls of text as a model generated it, in whatever dialect."""
    found = find_all(text, {tool.name for tool in tools})
    return _prose(text, found), _understood(found, tools, False)[0]


def _understood(
    found: Sequence[Written], tools: Sequence[ToolSpec], cut: bool
) -> tuple[tuple[ToolCall, ...], tuple[str, ...]]:
    known = {tool.name: tool for tool in tools}
    calls: list[ToolCall] = []
    repairs: list[str] = []
    for written in found:
        last_was_cut = cut and written is found[-1]
        call, forgiven = _one(written, known, complete=not last_was_cut)
        if call.problem and last_was_cut:
            call = replace(call, problem=_CUT)
        calls.append(call)
        repairs += forgiven
    return tuple(calls), tuple(dict.fromkeys(repairs))


def _one(written: Written, known: dict[str, ToolSpec], *, complete: bool) -> tuple[ToolCall, tuple[str, ...]]:
    name = written.name if written.name in known else bare_name(written.name)
    if name not in known:
        name = re.sub(r"[^A-Za-z0-9_-]+", "_", written.name).strip("_")[:64] or _NO_NAME
    id = written.id or new_id("call")
    if written.problem:
        return ToolCall(id, name, _as_text(written.arguments), written.problem), ()
    tool = known.get(name) or ToolSpec(name, "", {"type": "object"})
    checked = validate(tool, written.arguments, complete=complete and written.closed)
    if checked.problem:
        return ToolCall(id, name, _as_text(written.arguments), checked.problem), ()
    arguments = written.arguments if isinstance(written.arguments, str) and not checked.repairs else None
    text = arguments or json.dumps(checked.arguments, ensure_ascii=False)
    return ToolCall(id, name, text), (*written.repairs, *checked.repairs)


def _leaked(text: str) -> list[Written]:
    """Return calls that a server left in the text of a model with native calls.

    Only marked ones, outside of fences, with nothing behind them: whatever else is quoted in an answer.
    """
    found = find_marked(text)
    if not found or text[: found[0].start].count("```") % 2:
        return []
    return [] if _without_end(text[found[-1].end :]) else found


def _without_end(text: str) -> str:
    """Return text without the space and the end marks that models leave behind it."""
    while (shorter := text.rstrip()) != text or text.endswith(_ENDS):
        text = next((shorter.removesuffix(end) for end in _ENDS if shorter.endswith(end)), shorter)
    return text


def _prose(text: str, found: Sequence[Written]) -> str:
    if not found:
        return text
    kept = []
    at = 0
    for call in found:
        kept.append(text[at : call.start])
        at = max(at, call.end)
    prose = "".join([*kept, text[at:]])
    return _without_end(_EMPTY_FENCE.sub("", prose)).lstrip()


def _without_thought(answer: Completion) -> Completion:
    """Return an answer without the thought that stands before it in the text.

    Templates of models that always think write the beginning mark themselves, so that only the end is there,
    on a line of its own; of a thought that was cut off, only the beginning.
    """
    text = answer.message.content
    begin = _THOUGHT_BEGINS.match(text)
    end = (_THOUGHT_ENDS if begin else _ENDS_ALONE).search(text)
    if end is not None and begin is None and text[: end.start()].count("```") % 2:
        return answer  # the mark stands in a sample of code
    if end is None and (begin is None or answer.finish_reason != "length"):
        return answer
    thought = text[begin.end() if begin else 0 : end.start() if end else len(text)]
    content = text[end.end() :] if end else ""
    extra = {"reasoning": thought.strip(), **answer.extra}
    return replace(answer, message=replace(answer.message, content=content), extra=extra)


def _as_text(arguments: object) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
