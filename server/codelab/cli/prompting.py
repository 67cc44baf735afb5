"""Approvals on a terminal: the whole diff, then one question. The end of input means no."""

import asyncio
from typing import TYPE_CHECKING

from codelab.cli.lines import InputLines
from codelab.cli.terminal import Terminal
from codelab.workbench.types import ApprovalView, Verdict

if TYPE_CHECKING:
    from codelab.workbench.workbench import Workbench

_QUESTION = "Apply? [y]es / [n]o / [r]eason"


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
                verdict, reason = await self._ask(approval)
            except asyncio.CancelledError:
                self._terminal.note("\nThis question is closed.")
                raise
        decision = await self._bench.decide(approval.id, verdict, reason=reason)
        if not decision.counted:
            self._terminal.note(decision.message or f"Already {decision.state}.")

    async def _ask(self, approval: ApprovalView) -> tuple[Verdict, str]:
        self._terminal.note("\n" + approval.title)
        self._terminal.note_diff(approval.detail)
        self._lines.forget()  # what was typed before the question was shown does not answer it
        while True:
            self._terminal.question(_QUESTION)
            line = await self._lines.next()
            if line is None:
                self._terminal.note("")  # nobody typed the end of this line
            match (line or "no").strip().casefold():
                case "y" | "yes":
                    return Verdict.APPROVED, ""
                case "n" | "no":
                    return Verdict.REJECTED, ""
                case "r" | "reason":
                    self._terminal.question("Reason:")
                    return Verdict.REJECTED, (await self._lines.next() or "").strip()
                case _:
                    self._terminal.note("Please answer y, n or r.")
