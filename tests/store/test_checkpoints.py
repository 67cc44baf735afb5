"""Checkpoints keep what a change replaced, and notice a single flipped bit."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from codelab.core.errors import NotFound, StateError
from codelab.store import checkpoints
from codelab.store.state import StateDb
from tests.support.stored import store_basics

FLIPS = 200


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[StateDb]:
    async with await StateDb.open(tmp_path / "state.db") as db:
        async with db.write() as tx:
            await store_basics(tx)
        yield db


@pytest.mark.req("SAFE-8")
async def test_a_change_is_kept_prepared_applied_and_undone(db: StateDb) -> None:
    async with db.write() as tx:
        first = await checkpoints.prepare(
            tx, run="run-1", call="c1", path="a", before=b"old\r\n\0", after=b"new", mode=0o755
        )
        second = await checkpoints.prepare(tx, run="run-1", call="c2", path="b", before=None, after=b"")
        third = await checkpoints.prepare(tx, run="run-1", call="c3", path="c", before=b"new", after=None)
    async with db.read() as rx:
        assert await checkpoints.prepared(rx) == [first, second, third]
        assert await checkpoints.of_run(rx, "run-1") == [first, second, third]
        assert await checkpoints.latest_applied(rx) is None
        assert first.before_blob is not None
        assert await checkpoints.content(rx, first.before_blob) == b"old\r\n\0"
        assert (second.before_blob, third.after_blob) == (None, None)
        assert second.after_blob is not None
        assert await checkpoints.content(rx, second.after_blob) == b""
        assert third.before_blob == first.after_blob  # stored once
        assert (await checkpoints.get(rx, first.id)).mode == 0o755
    async with db.write() as tx:
        for checkpoint in (second, first):
            await checkpoints.mark(tx, checkpoint.id, "applied")
        latest = await checkpoints.latest_applied(tx)
        assert latest is not None
        assert latest.id == second.id  # the order of preparing, not of marking
        await checkpoints.mark(tx, second.id, "undone")
        latest = await checkpoints.latest_applied(tx)
        assert latest is not None
        assert latest.id == first.id
        assert [c.id for c in await checkpoints.prepared(tx)] == [third.id]
        with pytest.raises(NotFound):
            await checkpoints.mark(tx, "chk-none", "undone")
        with pytest.raises(NotFound):
            await checkpoints.get(tx, "chk-none")


@pytest.mark.req("SAFE-8")
async def test_any_flipped_bit_in_a_stored_content_is_noticed(db: StateDb) -> None:
    original = b"def pay(amount):\n    return amount * 100\n" * 20
    async with db.write() as tx:
        made = await checkpoints.prepare(tx, run="run-1", call="c", path="a", before=original, after=None)
        assert made.before_blob is not None
        ((packed,),) = await tx.execute_fetchall("SELECT content FROM blobs")
    chance = random.Random(1)
    for _ in range(FLIPS):
        flipped = bytearray(packed)
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        async with db.write() as tx:
            await tx.execute("UPDATE blobs SET content = ?", (bytes(flipped),))
        async with db.read() as rx:
            try:
                assert await checkpoints.content(rx, made.before_blob) == original
            except StateError as error:
                assert "damaged" in error.what
            ((verdict,),) = await rx.execute_fetchall("PRAGMA integrity_check")
            assert verdict == "ok"  # the control: SQLite's own check sees nothing


@pytest.mark.req("SAFE-8")
async def test_a_content_that_is_missing_or_of_another_size_is_told(db: StateDb) -> None:
    async with db.write() as tx:
        made = await checkpoints.prepare(tx, run="run-1", call="c", path="a", before=b"x" * 1000, after=None)
        assert made.before_blob is not None
        await tx.execute("UPDATE blobs SET size = 10")
        with pytest.raises(StateError, match="damaged"):
            await checkpoints.content(tx, made.before_blob)
        with pytest.raises(StateError, match="damaged"):
            await checkpoints.content(tx, "0" * 64)
