"""Approvals: one answer counts, within its time, for exactly what was shown, once."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiosqlite import Connection

from codelab.core.errors import InputError, NotFound
from codelab.store import approvals
from codelab.store.state import StateDb
from tests.support.stored import an_approval, store_basics


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[StateDb]:
    async with await StateDb.open(tmp_path / "state.db") as db:
        async with db.write() as tx:
            await store_basics(tx)
        yield db


@pytest.fixture
async def tx(db: StateDb) -> AsyncIterator[Connection]:
    async with db.write() as tx:
        yield tx


async def state_of(tx: Connection, approval_id: str = "apr-1") -> str:
    return (await approvals.get(tx, approval_id)).state


@pytest.mark.req("SAFE-2")
async def test_an_approval_comes_back_as_it_was_proposed(tx: Connection) -> None:
    assert await approvals.get(tx, "apr-1") == an_approval()
    with pytest.raises(NotFound):
        await approvals.get(tx, "apr-2")


@pytest.mark.req("SAFE-2")
async def test_the_first_answer_counts_and_only_that(tx: Connection) -> None:
    assert await approvals.decide(tx, "apr-1", "rejected", "Neovim", "not so", 5.0)
    assert not await approvals.decide(tx, "apr-1", "approved", "VS Code", "", 5.0)
    assert not await approvals.decide(tx, "apr-9", "approved", "VS Code", "", 5.0)
    row = await approvals.get(tx, "apr-1")
    assert (row.state, row.reason, row.decided_by) == ("rejected", "not so", "Neovim")
    with pytest.raises(ValueError, match="not an answer"):
        await approvals.decide(tx, "apr-1", "consumed", "x", "", 5.0)  # type: ignore[arg-type]


@pytest.mark.req("SAFE-2")
async def test_faces_say_when_they_have_it_in_front_of_a_person(tx: Connection) -> None:
    assert await approvals.put_in_front(tx, "apr-1", "face-1", 100.0)
    assert await approvals.put_in_front(tx, "apr-1", "face-2", 200.0, editing=True)
    assert await approvals.in_front_at(tx, "apr-1") == {"face-1": False, "face-2": True}
    assert (await approvals.get(tx, "apr-1")).shown_at == 100.0
    await approvals.take_away(tx, "apr-1", "face-1")
    assert await approvals.in_front_at(tx, "apr-1") == {"face-2": True}
    await approvals.decide(tx, "apr-1", "rejected", "x", "", 5.0)
    assert not await approvals.put_in_front(tx, "apr-1", "face-3", 300.0)


@pytest.mark.req("SAFE-2")
async def test_an_answer_after_the_time_was_over_does_not_count(tx: Connection) -> None:
    assert await approvals.expire(tx, "apr-1", 400.0)
    assert await state_of(tx) == "expired"
    assert not await approvals.expire(tx, "apr-1", 400.0)
    assert not await approvals.decide(tx, "apr-1", "approved", "x", "", 300.0)
    assert not await approvals.edit(tx, "apr-1", "y", "x", 300.0)


@pytest.mark.req("SAFE-2")
async def test_an_edit_ends_an_approval_and_only_one_that_has_a_text(tx: Connection) -> None:
    assert not await approvals.edit(tx, "apr-1", "y", "x", 5.0)  # there is nothing to edit in it
    await approvals.propose(tx, an_approval("apr-2", editable="x"))
    assert await approvals.edit(tx, "apr-2", "y", "Neovim", 5.0)
    assert not await approvals.decide(tx, "apr-2", "approved", "x", "", 6.0)
    row = await approvals.get(tx, "apr-2")
    assert (row.state, row.edited, row.decided_by) == ("invalidated", "y", "Neovim")
    assert await approvals.replacement(tx, "apr-2") is None
    await approvals.propose(tx, an_approval("apr-3", replaces="apr-2"))
    assert (await approvals.replacement(tx, "apr-2")) == await approvals.get(tx, "apr-3")


@pytest.mark.req("SAFE-2")
async def test_an_approval_is_used_once_and_only_for_what_was_approved(tx: Connection) -> None:
    assert not await approvals.consume(tx, "apr-1", "d1")  # nobody has approved it
    await approvals.decide(tx, "apr-1", "approved", "x", "", 5.0)
    assert not await approvals.consume(tx, "apr-1", "d2")
    assert await approvals.consume(tx, "apr-1", "d1")
    assert not await approvals.consume(tx, "apr-1", "d1")
    assert await state_of(tx) == "consumed"
    assert not await approvals.invalidate(tx, "apr-1", "too late")


@pytest.mark.req("SAFE-2")
@pytest.mark.parametrize("answer", ["approved", None, "rejected"])
async def test_only_what_was_not_used_nor_refused_can_be_taken_back(
    tx: Connection, answer: str | None
) -> None:
    if answer is not None:
        await approvals.decide(tx, "apr-1", answer, "x", "", 5.0)  # type: ignore[arg-type]
    assert await approvals.invalidate(tx, "apr-1", "the file changed") is (answer != "rejected")
    assert not await approvals.consume(tx, "apr-1", "d1")
    assert await state_of(tx) == ("rejected" if answer == "rejected" else "invalidated")


@pytest.mark.req("SAFE-2")
async def test_approvals_are_listed_by_state_and_found_by_a_beginning(tx: Connection) -> None:
    for number in (20, 21, 30):
        await approvals.propose(tx, an_approval(f"apr-{number}"))
    await approvals.decide(tx, "apr-30", "approved", "x", "", 5.0)
    assert [a.id for a in await approvals.list_approvals(tx, "pending")] == ["apr-1", "apr-20", "apr-21"]
    assert len(await approvals.list_approvals(tx)) == 4
    assert len(await approvals.of_run(tx, "run-1")) == 4
    assert (await approvals.find(tx, "apr-3")).id == "apr-30"
    assert (await approvals.find(tx, "3")).id == "apr-30"
    with pytest.raises(InputError, match="Several"):
        await approvals.find(tx, "2")
    for nothing in ("9", "", "%", "apr-_", "apr-1%"):
        with pytest.raises((NotFound, InputError)):
            await approvals.find(tx, nothing)


DECIDER = """
import asyncio, sys
from pathlib import Path
from codelab.store import approvals
from codelab.store.state import StateDb
async def main():
    async with await StateDb.open(Path(sys.argv[1])) as db:
        print("ready", flush=True)
        sys.stdin.readline()
        for n in range(50):
            async with db.write() as tx:
                won = await approvals.decide(tx, f"apr-p{n}", sys.argv[2], sys.argv[2], "", 5.0)
            if won: print(n, flush=True)
asyncio.run(main())
"""


@pytest.mark.req("SAFE-2", "CARD-6")
async def test_of_two_processes_that_answer_exactly_one_wins(db: StateDb) -> None:
    async with db.write() as tx:
        for number in range(50):
            await approvals.propose(tx, an_approval(f"apr-p{number}"))
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", DECIDER, str(db.path), answer, stdin=-1, stdout=-1
        )
        for answer in ("approved", "rejected")
    ]
    for child in children:
        assert child.stdout is not None
        await child.stdout.readline()
    outputs = await asyncio.gather(*(child.communicate(b"go\n") for child in children))
    won = [set(out.decode().split()) for out, _ in outputs]
    assert not won[0] & won[1]
    assert won[0] | won[1] == {str(number) for number in range(50)}
    async with db.read() as rx:
        approved = {a.id.removeprefix("apr-p") for a in await approvals.list_approvals(rx, "approved")}
    assert approved == won[0]
