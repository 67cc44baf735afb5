"""A flipped bit in a row that matters is noticed on reading, on writing, and by the check."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from codelab.core.errors import StateError
from codelab.store import approvals, checkpoints, messages, row_hashes, sqlite, standing_rules
from codelab.store.migrate import load_migrations, migrate
from codelab.store.row_hashes import row_hash
from codelab.store.state import StateDb
from codelab.store.state_check import problems_of
from codelab_models.wire import Message
from tests.support.stored import a_rule, store_basics

pytestmark = pytest.mark.req("SAFE-8")

FLIPS = 100


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[StateDb]:
    async with await StateDb.open(tmp_path / "state.db") as db:
        async with db.write() as tx:
            await store_basics(tx)
            await messages.append(tx, "run-1", Message("user", "héllo"))
            await checkpoints.prepare(
                tx, run="run-1", call="c", path="a", before=b"old", after=b"new", mode=0o644
            )
            await standing_rules.give(tx, a_rule())
        yield db


def flip(path: Path, statement: str) -> None:
    """Change a value as a flipped bit would: nothing of ours takes note."""
    with closing(sqlite.connect(path)) as connection:
        connection.execute(statement)


READ = {
    "messages": lambda tx: messages.of_run(tx, "run-1"),
    "approvals": lambda tx: approvals.get(tx, "apr-1"),
    "checkpoints": lambda tx: checkpoints.of_run(tx, "run-1"),
    "standing_rules": standing_rules.list_rules,
}
FLIPPED = {
    "messages": "content = 'jéllo'",
    "approvals": "detail = '+3'",
    "checkpoints": "mode = 420 + 64",
    "standing_rules": "words = 'changes of b.py'",
}


@pytest.mark.parametrize("table", sorted(row_hashes.CHECKED))
async def test_a_flipped_bit_is_told_when_the_row_is_read(db: StateDb, table: str) -> None:
    async with db.read() as rx:
        await READ[table](rx)
    await asyncio.to_thread(flip, db.path, f"UPDATE {table} SET {FLIPPED[table]}")
    with pytest.raises(StateError, match="damaged"):
        async with db.read() as rx:
            await READ[table](rx)
    assert problems_of(db.path, None) == [f"Row 1 of {table} is not what was written"]


async def test_a_damaged_row_is_not_made_sound_by_changing_it(db: StateDb) -> None:
    await asyncio.to_thread(flip, db.path, "UPDATE approvals SET detail = 'rm -rf'")
    with pytest.raises(StateError, match="damaged"):
        async with db.write() as tx:
            await approvals.decide(tx, "apr-1", "approved", "Neovim", "", 5.0)


async def test_rows_that_are_changed_in_the_usual_ways_stay_sound(db: StateDb) -> None:
    async with db.write() as tx:
        await approvals.put_in_front(tx, "apr-1", "face-1", 100.0)
        assert await approvals.decide(tx, "apr-1", "approved", "Neovim", "", 105.0)
        (point,) = await checkpoints.of_run(tx, "run-1")
        await checkpoints.mark(tx, point.id, "applied")
        assert await standing_rules.use(tx, a_rule(), "run-1", "c", 1_500.0) == 1
    assert problems_of(db.path, None) == []
    async with db.read() as rx:
        assert (await approvals.get(rx, "apr-1")).state == "approved"


async def test_flips_that_pass_sqlites_own_check_are_found(db: StateDb, tmp_path: Path) -> None:
    """Flip bits in the file itself."""
    await db.close()
    damaged = tmp_path / "damaged.db"
    data = await asyncio.to_thread(db.path.read_bytes)
    start = data.index("héllo".encode())
    chance, unseen_by_sqlite = random.Random(2), 0
    for _ in range(FLIPS):
        flipped = bytearray(data)
        flipped[start + chance.randrange(6)] ^= 1 << chance.randrange(8)
        await asyncio.to_thread(damaged.write_bytes, flipped)
        found = await asyncio.to_thread(problems_of, damaged, None)
        assert found, "a flip went unseen"
        unseen_by_sqlite += not any(problem.startswith("SQLite") for problem in found)
    assert unseen_by_sqlite > FLIPS // 2, "the control: SQLite's own check sees few of them"


def test_a_hash_tells_values_apart_and_passes_over_empty_ones() -> None:
    base = {"a": "x", "b": 1}
    assert row_hash(base) == row_hash({"b": 1, "a": "x", "c": "", "d": None, "e": 0})
    others = [{"a": "x", "b": "1"}, {"a": "x"}, {"b": "x", "a": 1}, {"a": "xb", "b": 1}, {"a": "x", "b": 1.0}]
    assert len({row_hash(values) for values in [base, *others]}) == 6


def test_rows_from_before_get_their_hashes_when_the_database_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    before = load_migrations("migrations")[:3]
    migrate(path, before)
    with closing(sqlite.connect(path)) as connection:
        connection.execute("INSERT INTO sessions VALUES (1, 's', 't', 'c', 1.0, 'ask')")
        insert(connection, "runs", session="s")
        insert(connection, "messages", run="", content="héllo")
        insert(connection, "checkpoints", run="", state="applied", mode=420)
        insert(connection, "approvals", run="", state="consumed", shown_at=2.5)
    migrate(path, load_migrations("migrations"))
    assert problems_of(path, None) == []
    flip(path, "UPDATE messages SET content = 'hello'")
    assert len(problems_of(path, None)) == 1


def insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """Insert a row with these values; others are empty."""
    columns = list(connection.execute(f"PRAGMA table_info({table})"))
    row = {
        name: values.get(name, {"TEXT": "", "REAL": 1.0, "INTEGER": 1}[kind] if needed else None)
        for _, name, kind, needed, *_ in columns
    }
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
