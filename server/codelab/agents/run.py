"""A run in this process, and the one way in which anything about it is written down."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from codelab.agents.feed import Feed
from codelab.agents.limits import Limits
from codelab.agents.room import Window
from codelab.agents.services import Services
from codelab.agents.templates import Template
from codelab.core.events import AnyEvent, RunEnded, RunState, StateChanged, Token
from codelab.core.finishing import finish_first
from codelab.core.positions import LineSpan
from codelab.core.redaction import StreamRedactor
from codelab.policy.taint import UNTAINTED, Taint
from codelab.policy.types import Mode
from codelab.store import approvals, runs
from codelab.store.connection import Connection

Write = Callable[[Connection], Awaitable[object]]


@dataclass(slots=True)
class ActiveRun:
    """A run that this face drives.

    Attributes:
        id: Its id.
        session: The session it belongs to.
        template: The agent at work.
        task: What the person asked.
        mode: How its changes are approved.
        wait: Whether an approval may stay pending where no face can show it.
        limits: What it has used.
        services: What it works with.
        feed: Its events, for the faces.
        state: Where it stands.
        pausing: Set when the face goes away: a cancelled task then means paused.
        reached: Names of the limits it reached.
        noted: What the person was told of the model layer.
        model: The model that it asks, None before the first question.
        taint: What its session has read.
        requested: The tools that the person's own words unlocked, of those that need them.
        journalled: Calls that the journal held when the run was taken up.
        call_ids: Ids of all its calls.
        recent: The last calls, for the repeat detector.
        window: What of its conversation the model is no longer told.
        saying: Takes secrets out of the answer while it is generated.
        driver: The task that drives it.
        unstored: How it ended, where that could not be stored.
    """

    id: str
    session: str
    template: Template
    task: str
    mode: Mode
    wait: bool
    limits: Limits
    services: Services
    feed: Feed = field(default_factory=Feed)
    state: RunState = RunState.IDLE
    pausing: bool = False
    reached: list[str] = field(default_factory=list)
    noted: set[str] = field(default_factory=set)
    model: str | None = None
    taint: Taint = UNTAINTED
    requested: frozenset[str] = frozenset()
    journalled: frozenset[str] = frozenset()
    call_ids: set[str] = field(default_factory=set)
    recent: list[tuple[str, str]] = field(default_factory=list)
    window: Window = field(default_factory=Window)
    saying: StreamRedactor = field(default_factory=StreamRedactor)
    driver: asyncio.Task[None] | None = None
    unstored: RunEnded | None = None

    async def write(self, *events: AnyEvent, also: Write | None = None, **columns: Any) -> None:
        """Write events, the run's row and whatever belongs with them in one transaction; then tell the faces.

        Args:
            *events: Events of this run, in order; a ``StateChanged`` or ``RunEnded`` also moves the row.
            also: More to write in the same transaction.
            **columns: Other columns of the run's row.
        """
        await finish_first(self._write(events, also, columns))  # stored and told, or neither

    async def _write(self, events: tuple[AnyEvent, ...], also: Write | None, columns: dict[str, Any]) -> None:
        moves = [event.state for event in events if isinstance(event, StateChanged | RunEnded)]
        if moves:
            columns["state"] = moves[-1]
        columns.update(tokens=self.limits.tokens, cost_usd=self.limits.cost_usd)
        async with self.services.db.write() as tx:
            if also is not None:
                await also(tx)
            stored = await runs.append_events(tx, self.id, events)
            await runs.update(tx, self.id, **columns)
        if moves:
            self.state = moves[-1]
        for event in stored:
            self.feed.publish(event)

    async def move(self, state: RunState) -> None:
        """Write that the run moved to another state."""
        if state is not self.state:
            await self.write(StateChanged(run=self.id, state=state))

    async def end(
        self, state: RunState, answer: str, *, sources: tuple[LineSpan, ...] = (), error: str = ""
    ) -> None:
        """Write how the run ended and close its feed."""
        ended = RunEnded(run=self.id, state=state, answer=answer, sources=sources, error=error)
        await self.write(ended, also=self._withdraw_approvals, answer=answer, error=error)
        self.feed.close()

    def lose(self, state: RunState, error: str) -> None:
        """Tell the faces how the run ended though it could not be stored; the next start will settle it."""
        self.unstored = RunEnded(run=self.id, state=state, answer="", error=error)
        self.state = state
        self.feed.publish(self.unstored)
        self.feed.close()

    async def pause(self) -> None:
        """Write that the run waits for another face, and close its feed."""
        paused = StateChanged(run=self.id, state=RunState.PAUSED)
        await self.write(paused, also=self._withdraw_approvals, face="")
        self.feed.close()

    async def _withdraw_approvals(self, tx: Connection) -> None:
        for approval in await approvals.of_run(tx, self.id):
            if approval.state in ("pending", "approved"):
                await approvals.invalidate(tx, approval.id, "the run was stopped")

    def say(self, text: str) -> None:
        """Pass on a piece of the answer as it is generated, without the known secrets."""
        if clean := self.saying.take(text):
            self.feed.publish(Token(run=self.id, text=clean))

    def said(self) -> None:
        """Pass on what of the answer was held back: it is complete."""
        if rest := self.saying.end():
            self.feed.publish(Token(run=self.id, text=rest))
