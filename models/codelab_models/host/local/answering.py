"""From the events of a child to the chunks of an answer; held to a schema, and checked against it."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from codelab_models.calls.grades import Grade
from codelab_models.calls.parsing import parse_text
from codelab_models.calls.schemas import problems_of
from codelab_models.calls.showing import Showing
from codelab_models.calls.validating import validate
from codelab_models.failures import FailureKind, failure
from codelab_models.host.local.chunks import Chunks
from codelab_models.host.local.process import LocalProcess
from codelab_models.host.local.wanted import Wanted

ATTEMPTS = 3
"""How often a model is asked for something that fits its schema: grammars know no bounds of numbers."""

Chunk = dict[str, Any]


@dataclass
class _Run:
    """What came of asking the child, once or several times."""

    text: str = ""
    json: list[str] = field(default_factory=list)
    done: dict[str, Any] = field(default_factory=dict)
    written: int = 0  # tokens, of all attempts
    begun: bool = False

    def counts(self) -> dict[str, Any]:
        return {**self.done, "completion_tokens": self.written}


async def answer(process: LocalProcess, wanted: Wanted, chunks: Chunks) -> AsyncGenerator[Chunk, None]:
    """Ask a model whose turn it is, and yield the chunks of its answer.

    Raises:
        ModelError: It failed, or did not write what the schema asks for.
    """
    run = _Run()
    if wanted.forced or wanted.schema is not None:
        held = _held_to_schema(process, wanted, chunks, run)
    else:
        held = _freely(process, wanted, chunks, run)
    async with aclosing(held) as parts:
        async for chunk in parts:
            yield chunk
    yield chunks.ended(run.done["reason"], run.counts())


async def _freely(
    process: LocalProcess, wanted: Wanted, chunks: Chunks, run: _Run
) -> AsyncGenerator[Chunk, None]:
    unmarked = bool(wanted.tools) and wanted.request["calls"] is None
    showing = Showing(Grade.TEXT) if unmarked else None
    async with aclosing(_events(process, wanted.request, chunks, run)) as events:
        async for event in events:
            if isinstance(event, dict):
                yield event
            elif run.json:
                for call in _calls_in(run.json.pop(), wanted):
                    yield chunks.call(*call)
            elif shown := event if showing is None else showing.feed(event):
                yield chunks.text(shown)
    if showing is not None:
        prose, calls = parse_text(run.text, wanted.tools)
        if rest := showing.rest(prose):
            yield chunks.text(rest)
        for one in calls:
            yield chunks.call(one.name, one.arguments)


async def _held_to_schema(
    process: LocalProcess, wanted: Wanted, chunks: Chunks, run: _Run
) -> AsyncGenerator[Chunk, None]:
    problem = text = ""
    for attempt in range(ATTEMPTS):
        request = wanted.request if not attempt else _differently(wanted.request, attempt)
        async with aclosing(_events(process, request, chunks, run)) as events:
            async for event in events:
                if isinstance(event, dict):
                    yield event
        text = run.json.pop()
        problem = _problem(text, wanted)
        if not problem or run.done["reason"] == "length":
            break
    if wanted.forced:  # a call that does not fit is for the caller to refuse, who can say why to the model
        for call in _calls_in(text, wanted):
            yield chunks.call(*call)
    elif problem and run.done["reason"] != "length":
        raise failure(
            FailureKind.GARBAGE,
            "The local model's answer does not fit the schema that was asked for",
            why=f"After {ATTEMPTS} attempts: {problem}",
            fix="Ask again, or choose a larger model in `models.chat`",
        )
    else:
        yield chunks.text(text if problem else _as_json(text))


async def _events(
    process: LocalProcess, request: dict[str, Any], chunks: Chunks, run: _Run
) -> AsyncGenerator[Chunk | str, None]:
    """Ask once; yield chunks that may be passed on, and text; an empty text means that JSON is complete."""
    async with aclosing(process.ask(request)) as events:
        async for event in events:
            if "begun" in event and not run.begun:
                run.begun = True
                yield chunks.begun()
            if "progress" in event:
                yield chunks.progress(*event["progress"])
            if text := event.get("text"):
                run.text += text
                yield text
            if "json" in event:
                run.json.append(event["json"])
                yield ""
            if done := event.get("done"):
                run.done = done
                run.written += done["completion_tokens"]


def _problem(text: str, wanted: Wanted) -> str:
    try:
        value = json.loads(text, strict=False)
    except ValueError as error:
        return f"it is no JSON ({error})"
    if not wanted.forced:
        return "; ".join(problems_of(wanted.schema or {}, value))
    tools = {tool.name: tool for tool in wanted.tools}
    for name, arguments in _calls_in(text, wanted):
        if problem := validate(tools[name], arguments).problem:
            return problem
    return ""


def _calls_in(text: str, wanted: Wanted) -> list[tuple[str, str]]:
    """Return name and arguments of the calls in JSON that was written under a grammar."""
    try:
        value = json.loads(text, strict=False)
    except ValueError:  # cut off by the limit of tokens
        return [(wanted.tools[0].name, text)] if wanted.forced else []
    calls = value if isinstance(value, list) else [value]
    return [
        (call["name"], json.dumps(call.get(wanted.dialect.arguments, {}), ensure_ascii=False))
        for call in calls
    ]


def _as_json(text: str) -> str:
    """Return JSON as everybody reads it: grammars let control characters into texts."""
    try:
        json.loads(text)
    except ValueError:
        return json.dumps(json.loads(text, strict=False), ensure_ascii=False)
    return text


def _differently(request: dict[str, Any], attempt: int) -> dict[str, Any]:
    """Return a request for another answer: another seed, and not the likeliest token each time."""
    sampling = {**request["sampling"], "temperature": max(0.7, request["sampling"].get("temperature", 0.8))}
    if "seed" in sampling:
        sampling["seed"] += attempt
    return {**request, "sampling": sampling}
