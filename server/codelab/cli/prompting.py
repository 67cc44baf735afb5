"""Approvals on a terminal: the whole diff, then one question. The end of input means no."""

import asyncio
from typing import TYPE_CHECKING

from codelab.cli.lines import InputLines
from codelab.cli.terminal import Terminal
from codelab.workbench.types import Answer, ApprovalView, Verdict

if TYPE_CHECKING:
    from codelab.workbench.workbench import Workbench


class TerminalPrompter:
    """Puts approvals before the person at the terminal, one at a time."""

    def __init__(self, bench: "Workbench", terminal: Terminal) -> None:
        self._bench = bench
        self._terminal = terminal
        self._lines = InputLines()
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, approval: ApprovalView) -> None:
        """Show an approval whole and pass on the answer; cancelled when it was answered elsewhere."""
        async with self._one_at_a_time:
            try:
                async with self._bench.in_front(approval.id):
                    answer = await self._ask(approval)
            except asyncio.CancelledError:
                self._terminal.note("\nThis question is closed.")
                raise
        decision = await self._bench.decide(
            approval.id, answer.verdict, reason=answer.reason, text=answer.text, always=answer.always
        )
        if not decision.counted:
            self._terminal.note(decision.message or f"Already {decision.state}.")

    async def _ask(self, approval: ApprovalView) -> Answer:
        self._terminal.note("\n" + approval.title)
        self._terminal.note_diff(approval.detail)
        if approval.remarks:
            self._terminal.note(approval.remarks)
        self._lines.forget()  # what was typed before the question was shown does not answer it
        always = "[a]lways / " if approval.rule else ""
        edit = "[e]dit / " if approval.editable is not None else ""
        while True:
            self._terminal.question(f"Apply? [y]es / {always}{edit}[n]o / [r]eason")
            line = await self._lines.next()
            if line is None:
                self._terminal.note("")  # nobody typed the end of this line
            match (line or "no").strip().casefold():
                case "y" | "yes":
                    return Answer(Verdict.APPROVED)
                case "a" | "always" if approval.rule:
                    return Answer(Verdict.APPROVED, always=True)
                case "e" | "edit" if approval.editable is not None:
                    if (text := await self._edited(approval)) is not None:
                        return Answer(Verdict.EDITED, text=text)
                case "n" | "no":
                    return Answer(Verdict.REJECTED)
                case "r" | "reason":
                    self._terminal.question("Reason:")
                    return Answer(Verdict.REJECTED, reason=(await self._lines.next() or "").strip())
                case _:
                    letters = ["y", *("a" * bool(always)), *("e" * bool(edit)), "n"]
                    self._terminal.note(f"Please answer {', '.join(letters)} or r.")

    async def _edited(self, approval: ApprovalView) -> str | None:
        """Return the command as the person types it anew; a file is edited in an editor of its own."""
        if approval.path:
            self._terminal.note(f"In another terminal: codelab approvals edit {approval.id}")
            return None
        self._terminal.question("The command as it shall be (nothing: leave it):")
        async with self._bench.in_front(approval.id, editing=True):
            text = (await self._lines.next() or "").strip()
        return text or None
