"""Following a run to its end in front of a person."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from codelab.cli.terminal import Terminal
from codelab.core.events import AnyEvent, ApprovalAsked, MessageAdded, ModelReading, Noted, Token
from codelab.core.narration import Narrator
from codelab.workbench.types import RunResult

if TYPE_CHECKING:
    from codelab.workbench.handle import RunHandle
    from codelab.workbench.workbench import Workbench


async def follow(
    bench: "Workbench", handle: "RunHandle", terminal: Terminal, *, lasting: bool = True
) -> tuple[RunResult, str]:
    """Tell a run's events until it ends; Ctrl-C cancels the run before it goes on its way.

    Args:
        bench: The workbench that drives the run.
        handle: The run.
        terminal: Where its text streams, if a person watches, and its progress goes.
        lasting: Whether what happened stays to be read, or each line gives way to the next.

    Returns:
        The result, and what of its answer has not been shown yet.
    """
    stream = _AnswerStream(terminal)
    narrator = Narrator()
    tell = terminal.note if lasting else terminal.progress
    try:
        async for event in handle.events():
            stream.take(event)
            if terminal.interactive and isinstance(event, ApprovalAsked):
                continue  # the question itself stands there
            if line := narrator.line(event):
                _teller(event, terminal, tell)(line)
        terminal.clear_progress()
        result = await handle.result()
    except asyncio.CancelledError:
        await asyncio.shield(bench.stop(handle.run))
        terminal.note("Stopped.")
        raise
    return result, stream.rest_of(result.answer)


def _teller(event: AnyEvent, terminal: Terminal, usual: Callable[[str], None]) -> Callable[[str], None]:
    """Return what tells an event: a note is for the person to keep, also where progress gives way."""
    if isinstance(event, Noted):
        terminal.clear_progress()
        return terminal.note
    return terminal.progress if isinstance(event, ModelReading) else usual


class _AnswerStream:
    """Shows tokens as they come, and knows what of the answer was not shown."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._shown = ""
        self._last_message = ""

    def take(self, event: AnyEvent) -> None:
        if not self._terminal.streams:
            return
        if isinstance(event, Token):
            if not self._shown:
                self._terminal.clear_progress()
            self._shown += event.text
            self._terminal.show(event.text, end="")
        elif isinstance(event, MessageAdded) and self._shown:
            if not self._shown.endswith("\n"):
                self._terminal.show("")
            self._last_message, self._shown = self._shown, ""

    def rest_of(self, answer: str) -> str:
        shown = self._last_message.rstrip()
        return answer[len(shown) :] if answer.startswith(shown) else answer
