"""Putting pending approvals before the person in front of this face, and taking them away again."""

import asyncio
import logging

from codelab.agents.services import Services
from codelab.core.errors import CodeLabError
from codelab.store import approvals
from codelab.store.approvals import Approval
from codelab.workbench.answering import view_of
from codelab.workbench.types import ApprovalPrompter

_log = logging.getLogger(__name__)
_LOOK_AGAIN_SECONDS = 1.0  # clocks that run out and faces that die change no row


class ApprovalPrompts:
    """Shows each approval that this face may show, once, and withdraws those that are decided elsewhere.

    Args:
        services: The parts of this face.
        prompter: Shows one approval.
        everyones: Show those of other faces too.
    """

    def __init__(self, services: Services, prompter: ApprovalPrompter, *, everyones: bool) -> None:
        self._services = services
        self._prompter = prompter
        self._everyones = everyones
        self._open: dict[str, asyncio.Task[None]] = {}
        self._answered: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for approvals."""
        self._task = asyncio.create_task(self._look_on(), name="approval prompts")

    def answered_here(self, approval: str) -> None:
        """Let the prompt of an approval finish by itself: its own answer counted."""
        if task := self._open.pop(approval, None):
            self._answered.add(task)
            task.add_done_callback(self._answered.discard)

    async def stop(self) -> None:
        """Withdraw every prompt and stop looking."""
        tasks = [*self._open.values(), *self._answered, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._open.clear()

    async def _look_on(self) -> None:
        while True:
            try:
                await self._look()
            except CodeLabError:  # the disk is full or the database is locked: the next look may fare better
                _log.warning("could not look for approvals", exc_info=True)
            await self._services.watch.wait(_LOOK_AGAIN_SECONDS)

    async def _look(self) -> None:
        async with self._services.db.read() as rx:
            pending = {row.id: row for row in await approvals.list_approvals(rx, "pending")}
        for approval, task in list(self._open.items()):
            if approval not in pending:
                task.cancel()
                await asyncio.wait({task})  # which lets a cancel of our own through
                self._open.pop(approval, None)
        for row in pending.values():
            if row.id not in self._open and self._is_for_us(row):
                self._open[row.id] = asyncio.create_task(self._show(row), name=f"prompt {row.id}")

    def _is_for_us(self, row: Approval) -> bool:
        if row.face == self._services.face:
            return True
        return self._everyones and self._services.faces.alive(row.face)

    async def _show(self, row: Approval) -> None:
        try:
            await self._prompter(view_of(row, self._services))
        except CodeLabError:
            _log.warning("could not show approval %s", row.id, exc_info=True)
        except Exception:  # a face's defect must not end the looking
            _log.exception("could not show approval %s", row.id)
