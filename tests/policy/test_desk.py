"""Waiting for an answer: time counts while a person sees the prompt, and no clock of the machine matters."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from codelab.policy.desk import await_decision
from codelab.policy.watch import StateWatch
from codelab.store import approvals
from codelab.store.approvals import Approval
from codelab.store.state import StateDb
from tests.support.stored import store_basics

pytestmark = pytest.mark.req("SAFE-2")

GUARD_SECONDS = 30.0


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[StateDb]:
    async with await StateDb.open(tmp_path / "state.db") as db:
        async with db.write() as tx:
            await store_basics(tx)
        yield db


class Desk:
    """Someone waits for ``apr-1`` with a clock that the test winds."""

    def __init__(self, db: StateDb, watch: StateWatch) -> None:
        self.db = db
        self.watch = watch
        self.now = 0.0
        self.looks = 0
        self.living = {"face-1", "face-2"}
        self.waiting: asyncio.Task[Approval] | None = None

    def clock(self) -> float:
        self.looks += 1
        return self.now

    async def begin(self, clock: Callable[[], float] | None = None) -> "asyncio.Task[Approval]":
        """Begin to wait."""
        self.waiting = asyncio.create_task(self._wait(clock))
        await self.looked()
        return self.waiting

    async def _wait(self, clock: Callable[[], float] | None) -> Approval:
        return await await_decision(
            "apr-1",
            db=self.db,
            watch=self.watch,
            someone_can_answer=lambda: bool(self.living),
            alive=self.living.__contains__,
            wait=True,
            seconds=300.0,
            clock=clock or self.clock,
        )

    async def looked(self, times: int = 2) -> None:
        """Wait until the desk has looked again, and again, since now, or waits no more."""
        until = self.looks + times
        async with asyncio.timeout(GUARD_SECONDS):
            while self.looks < until and not (self.waiting and self.waiting.done()):
                async with self.db.write() as tx:  # any commit makes it look
                    await tx.execute("UPDATE sessions SET title = title || '.'")
                await self.watch.wait(0.2)

    async def show(self, face: str, *, editing: bool = False) -> None:
        async with self.db.write() as tx:
            await approvals.put_in_front(tx, "apr-1", face, time.time(), editing=editing)
        await self.looked()

    async def hide(self, face: str) -> None:
        async with self.db.write() as tx:
            await approvals.take_away(tx, "apr-1", face)
        await self.looked()

    async def pass_time(self, seconds: float) -> None:
        self.now += seconds
        await self.looked()


@pytest.fixture
async def desk(db: StateDb) -> AsyncIterator[Desk]:
    watch = StateWatch(db)
    watch.start()
    yield Desk(db, watch)
    await watch.stop()


async def ending(waiting: "asyncio.Task[Approval]") -> str:
    """Return how the wait ended."""
    return (await asyncio.wait_for(waiting, GUARD_SECONDS)).state


async def test_the_time_without_a_prompt_does_not_count(desk: Desk) -> None:
    waiting = await desk.begin()
    await desk.pass_time(10_000)  # nobody sees it yet
    await desk.show("face-1")
    await desk.pass_time(200)
    await desk.hide("face-1")
    await desk.pass_time(10_000)  # it is in front of nobody
    await desk.show("face-2", editing=True)
    await desk.pass_time(10_000)  # somebody edits it
    await desk.show("face-2")
    await desk.pass_time(99)
    assert not waiting.done()
    await desk.pass_time(2)
    assert await ending(waiting) == "expired"


async def test_a_prompt_of_a_face_that_died_does_not_count(desk: Desk) -> None:
    waiting = await desk.begin()
    await desk.show("face-1")
    desk.living.discard("face-1")
    await desk.looked()
    await desk.pass_time(10_000)
    assert not waiting.done()
    async with desk.db.write() as tx:
        await approvals.decide(tx, "apr-1", "approved", "x", "", time.time())
    assert await ending(waiting) == "approved"


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0], ids=["back", "forward"])
async def test_a_clock_of_the_machine_that_jumps_neither_expires_nor_revives(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    real = time.time
    waiting = await desk.begin()
    await desk.show("face-1")
    monkeypatch.setattr(time, "time", lambda: real() + jump)
    await desk.looked()
    assert not waiting.done()
    await desk.pass_time(301)
    assert await ending(waiting) == "expired"


async def test_control_a_desk_that_looks_at_the_time_of_day_is_fooled(desk: Desk) -> None:
    jumped = 0.0

    def time_of_day() -> float:
        desk.looks += 1
        return 1e9 + jumped

    waiting = await desk.begin(time_of_day)
    await desk.show("face-1")
    jumped = 86_400.0
    await desk.looked()
    assert await ending(waiting) == "expired"  # though nobody has had it before them for a minute
