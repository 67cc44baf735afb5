"""Following a run: its progress while it works, its answer when it has ended."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from codelab.core.events import (
    AnyEvent,
    ApprovalAsked,
    ApprovalDecided,
    CommandOutput,
    LimitHit,
    ModelReading,
    Noted,
    RuleUsed,
    RunStarted,
    RunState,
    Token,
    ToolCalled,
    ToolReturned,
)
from codelab.core.narration import reading_line
from codelab.lsp.documents import keep_document, open_document
from codelab.lsp.face import LspFace
from codelab.lsp.paths import uri_of
from codelab.lsp.progress import Progress
from codelab.workbench.types import RunResult

if TYPE_CHECKING:
    from codelab.workbench.handle import RunHandle


READER = "ask"
"""The agent whose answer is a text to read, and no sentence about changes."""

_HEADING = 100  # characters of a task that stand for it in a title
_LINE_CHARACTERS = 80  # of what a command says, beside the progress bar


@dataclass(frozen=True, slots=True)
class Following:
    """How a run is shown.

    Attributes:
        title: What is being done, for the progress and the answer's heading.
        wait: Answer the request when the run has ended, not at once.
        show: Open the answer in the editor.
        token: The progress token that the request carried.
    """

    title: str
    wait: bool
    show: bool
    token: str | int | None = None


def heading(task: str) -> str:
    """Return a task or question as one short line."""
    first = next(iter(task.strip().splitlines()), "")
    return first if len(first) <= _HEADING else f"{first[:_HEADING]} ..."


async def answer_with_run(face: LspFace, handle: "RunHandle", following: Following) -> dict[str, Any]:
    """Answer a command with a run.

    Args:
        face: The connection.
        handle: The run.
        following: How it is shown.

    Returns:
        The result as JSON-ready data once it has ended, or its ids at once where ``wait`` is false.
    """
    if not following.wait:
        face.spawn(_follow(face, handle, following))
        return {"run": handle.run, "session": handle.session, "state": str(RunState.PROCESSING)}
    ended = False
    try:
        data = await _follow(face, handle, following)
        ended = True
        return data
    finally:
        if not ended and not face.closing:
            await asyncio.shield(face.spawn(_stop(face, handle.run)))


async def _stop(face: LspFace, run: str) -> None:
    await (await face.workbench()).stop(run)


async def _follow(face: LspFace, handle: "RunHandle", following: Following) -> dict[str, Any]:
    started = time.monotonic()

    def cancel() -> None:
        face.spawn(_stop(face, handle.run))

    progress = Progress(face, f"CodeLab: {following.title}", token=following.token, cancel=cancel)
    try:
        agent = ""
        approved = ApprovedCalls()
        async for event in handle.events():
            if isinstance(event, RunStarted):
                agent = event.agent
            if line := progress_line(agent, event):
                progress.report(line)
            if isinstance(event, Noted):
                face.show(f"{event.text}.", types.MessageType.Warning)
            if problem := approved.problem_of(event):
                face.show(problem, types.MessageType.Warning)
        result = await handle.result()
    finally:
        progress.end()
    return await _present(face, result, following, time.monotonic() - started)


class ApprovedCalls:
    """Notices a call that the person approved and that was not carried out all the same."""

    def __init__(self) -> None:
        self._asked: dict[str, str] = {}
        self._approved: dict[str, str] = {}

    def problem_of(self, event: AnyEvent) -> str:
        """Take the next event; return what the person should be told, or an empty text."""
        match event:
            case ApprovalAsked():
                self._asked[event.approval] = event.call
            case ApprovalDecided(state="approved") if event.approval in self._asked:
                self._approved[self._asked[event.approval]] = event.approval
            case ToolReturned(ok=False) if event.call in self._approved:
                kept = self._approved[event.call]
                return f"Not applied: {event.summary}. Nothing was changed; the proposal is kept as {kept}."
        return ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:_LINE_CHARACTERS] if lines else ""


_LINES: dict[type, Callable[[Any], str]] = {
    RunStarted: lambda event: event.reason or "starting",
    ToolCalled: lambda event: event.title,
    ToolReturned: lambda event: "" if event.ok else event.summary,
    ModelReading: reading_line,
    Token: lambda _event: "writing",
    CommandOutput: lambda event: _last_line(event.text),
    ApprovalAsked: lambda _event: "waiting for your answer",
    ApprovalDecided: lambda event: event.state,
    RuleUsed: lambda event: f"allowed by your standing rule: {event.words} (use {event.uses})",
    LimitHit: lambda event: f"limit reached ({event.limit}), finishing",
}


def progress_line(agent: str, event: AnyEvent) -> str:
    """Return one line that says what is being done now; empty for an event that changes nothing of it."""
    told = _LINES.get(type(event))
    line = told(event) if told else ""
    return f"{agent}: {line}" if line else ""


async def _present(face: LspFace, result: RunResult, following: Following, seconds: float) -> dict[str, Any]:
    data = result.as_data()
    text = answer_text(face, result, following.title, seconds)
    name = f"{result.run}.md"
    if not following.show:
        data["document"] = keep_document(face, name, text)
    elif result.state is RunState.DONE and result.agent == READER:
        data["document"] = await open_document(face, name, text)
    else:
        data["document"] = keep_document(face, name, text)
        face.show(*closing_message(result))
    return data


def closing_message(result: RunResult) -> tuple[str, types.MessageType]:
    """Return the sentence that tells how a run ended, and how serious it is."""
    changed = ", ".join(f"{file.path} (+{file.added} -{file.removed})" for file in result.changed)
    answer = result.answer.strip()
    if result.state is RunState.FAILED:
        told = result.error or answer or "The run failed."
        return _with_changes(told, changed), types.MessageType.Error
    if result.state is RunState.CANCELLED:
        return _with_changes("Stopped.", changed), types.MessageType.Info
    if result.state is RunState.PAUSED:
        return f"Paused. `codelab.resume` takes it up again ({result.run}).", types.MessageType.Info
    return _with_changes(answer.split("\n\n")[0] or "Done.", changed), types.MessageType.Info


def _with_changes(text: str, changed: str) -> str:
    if not changed:
        return f"{text} Nothing was changed."
    return f"{text} Changed: {changed}; codelab.undo puts it back."


def answer_text(face: LspFace, result: RunResult, title: str, seconds: float) -> str:
    """Return an answer as a Markdown document with links to its sources."""
    parts = [f"# {title}", result.answer.strip() or result.error or "No answer."]
    if result.changed:
        parts.append("## Changed")
        parts += [f"```diff\n{file.diff.rstrip()}\n```" for file in result.changed]
    if result.sources and face.root:
        parts.append("## Sources")
        links = (
            f"- [{source}]({uri_of(face.root, source.path)}#L{source.start_line})"
            for source in result.sources
        )
        parts.append("\n".join(links))
    files = len({source.path for source in result.sources})
    read = [f"{files} {'file' if files == 1 else 'files'} read"] if files else []
    facts = [result.agent, result.model or "no model", *read, f"{seconds:.1f} s"]
    parts.append(f"---\n*{' - '.join(filter(None, facts))}*")
    return "\n\n".join(parts) + "\n"
