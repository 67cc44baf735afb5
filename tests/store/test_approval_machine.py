"""The states of approvals, driven at random: nothing runs that nobody approved, altered, or a second time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiosqlite import Connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from codelab.core.ids import new_id
from codelab.store import approvals, rows
from codelab.store.state import StateDb
from tests.programme.volume import Volume
from tests.support.stored import an_approval, store_basics

pytestmark = pytest.mark.req("SAFE-2")

T = TypeVar("T")
Consume = Callable[[Connection, str, str], Awaitable[bool]]
FACES = st.sampled_from(["Neovim", "VS Code", "claude-code"])
DIGESTS = st.sampled_from(["d1", "d2", "d3"])
OPEN = ("pending", "approved")


class World:
    """A real database and the loop in which it is used, for all examples of a test."""

    def __init__(self, runner: asyncio.Runner, path: Path) -> None:
        self.runner = runner
        self.db = self.run(self._opened(path))

    async def _opened(self, path: Path) -> StateDb:
        db = await StateDb.open(path)
        async with db.write() as tx:
            await store_basics(tx)
        return db

    def run(self, work: Awaitable[T]) -> T:
        async def wrapped() -> T:
            return await work

        return self.runner.run(wrapped())

    def write(self, change: Callable[[Connection], Awaitable[T]]) -> T:
        async def written() -> T:
            async with self.db.write() as tx:
                return await change(tx)

        return self.run(written())


class ApprovalMachine(RuleBasedStateMachine):
    """Faces answer, runs execute, clocks run out and processes die, in any order."""

    world: World
    consume: Consume = staticmethod(approvals.consume)
    asked = Bundle("asked")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, tuple[str, str]] = {}  # the state and the digest of each, as they must be
        self.executed: list[tuple[str, str]] = []

    @rule(target=asked, digest=DIGESTS)
    def propose(self, digest: str) -> str:
        row = an_approval(new_id("apr"), digest=digest, editable="x")
        self.world.write(lambda tx: approvals.propose(tx, row))
        self.model[row.id] = ("pending", digest)
        return row.id

    def move(self, approval: str, leaves: tuple[str, ...], to: str, counted: bool) -> None:
        state, digest = self.model[approval]
        assert counted == (state in leaves), f"{approval} was {state}"
        if counted:
            self.model[approval] = (to, digest)

    @rule(approval=asked, by=FACES, yes=st.booleans())
    def answer(self, approval: str, by: str, yes: bool) -> None:
        state: Any = "approved" if yes else "rejected"
        counted = self.world.write(lambda tx: approvals.decide(tx, approval, state, by, "", 1.0))
        self.move(approval, ("pending",), state, counted)

    @rule(approval=asked, by=FACES)
    def edit(self, approval: str, by: str) -> None:
        counted = self.world.write(lambda tx: approvals.edit(tx, approval, "y", by, 1.0))
        self.move(approval, ("pending",), "invalidated", counted)

    @rule(approval=asked, face=FACES)
    def show(self, approval: str, face: str) -> None:
        pending = self.world.write(lambda tx: approvals.put_in_front(tx, approval, face, 1.0))
        assert pending == (self.model[approval][0] == "pending")

    @rule(approval=asked)
    def run_out(self, approval: str) -> None:
        counted = self.world.write(lambda tx: approvals.expire(tx, approval, 2.0))
        self.move(approval, ("pending",), "expired", counted)

    @rule(approval=asked)
    def take_back(self, approval: str) -> None:
        counted = self.world.write(lambda tx: approvals.invalidate(tx, approval, "the run was interrupted"))
        self.move(approval, OPEN, "invalidated", counted)

    @rule()
    def restart(self) -> None:
        """A face died: what waits and what was approved but not begun is taken back."""
        for approval, (state, _) in list(self.model.items()):
            if state in OPEN:
                self.take_back(approval)

    @rule(approval=asked, other=DIGESTS, same=st.booleans())
    def execute(self, approval: str, other: str, same: bool) -> None:
        self.carry_out(approval, self.model[approval][1] if same else other)

    @rule()
    def execute_the_last_again(self) -> None:
        if self.executed:
            self.carry_out(*self.executed[-1])

    def carry_out(self, approval: str, digest: str) -> None:
        allowed = self.world.write(lambda tx: self.consume(tx, approval, digest))
        if allowed:
            self.executed.append((approval, digest))
            assert self.model[approval] == ("approved", digest), "what runs is not what was approved"
            self.model[approval] = ("consumed", digest)

    @invariant()
    def nothing_runs_twice(self) -> None:
        used = [approval for approval, _ in self.executed]
        assert len(used) == len(set(used))

    def teardown(self) -> None:
        for approval, (state, _) in self.model.items():
            stored = self.world.write(lambda tx, one=approval: approvals.get(tx, one))  # type: ignore[misc]
            assert stored.state == state


@contextmanager
def world(path: Path) -> Iterator[World]:
    """Open a world."""
    with asyncio.Runner() as runner:
        opened = World(runner, path)
        try:
            yield opened
        finally:
            runner.run(opened.db.close())


def drive(machine: type[ApprovalMachine], path: Path, examples: int, steps: int = 20) -> None:
    """Drive a machine through so many examples."""
    with world(path / "state.db") as opened:
        machine.world = opened
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
                phases=(Phase.generate,),
                report_multiple_bugs=False,
            ),
        )


@pytest.mark.programme("approvals")
def test_no_order_of_events_runs_what_was_not_approved(tmp_path: Path, volume: Volume) -> None:
    drive(ApprovalMachine, tmp_path, volume(15, 10_000))


async def _any_digest(db: Connection, approval: str, digest: str) -> bool:
    sql = "UPDATE approvals SET state = 'consumed' WHERE id = ? AND state = 'approved'"
    return bool(await rows.change(db, sql, (approval,)))


async def _used_before(db: Connection, approval: str, digest: str) -> bool:
    used = "state IN ('approved', 'consumed')"
    sql = f"UPDATE approvals SET state = 'consumed' WHERE id = ? AND {used} AND digest = ?"
    return bool(await rows.change(db, sql, (approval, digest)))


async def _not_answered(db: Connection, approval: str, digest: str) -> bool:
    sql = "UPDATE approvals SET state = 'consumed' WHERE id = ? AND state != 'consumed' AND digest = ?"
    return bool(await rows.change(db, sql, (approval, digest)))


@pytest.mark.slow
@pytest.mark.parametrize("broken", [_any_digest, _used_before, _not_answered])
def test_control_without_one_of_the_guards_it_is_caught(tmp_path: Path, broken: Consume) -> None:
    class Broken(ApprovalMachine):
        consume = staticmethod(broken)

    with pytest.raises(AssertionError):
        drive(Broken, tmp_path, 5_000)  # it ends with the first that is caught
