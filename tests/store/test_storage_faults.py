"""Faults of the disk in a workspace's database: told, and nothing that was stored is dropped."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from codelab.core.errors import CodeLabError
from codelab.store import checkpoints, messages, sqlite, standing_rules
from codelab.store.row_hashes import CHECKED
from codelab.store.state import StateDb
from codelab.store.state_check import problems_of
from codelab_models.wire import Message
from tests.programme.volume import Volume
from tests.support.stored import a_rule, store_basics

Rows = dict[str, list[tuple[object, ...]]]


async def stored(path: Path) -> bytes:
    """Return the bytes of a database with something in every table that matters."""
    async with await StateDb.open(path) as db, db.write() as tx:
        await store_basics(tx)
        for number in range(40):
            await messages.append(tx, "run-1", Message("user", f"Message {number} " + "héllo " * 40))
        await checkpoints.prepare(
            tx, run="run-1", call="c", path="a", before=b"old" * 500, after=b"new" * 500, mode=0o644
        )
        await standing_rules.give(tx, a_rule())
    with closing(sqlite.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return await asyncio.to_thread(path.read_bytes)


def faulty(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes with one fault: cut off, bits flipped, a sector of zeros or of something else."""
    damaged, size = bytearray(data), len(data)
    kind = chance.choice(("cut", "flip", "flips", "zeros", "noise", "moved"))
    if kind == "cut":
        del damaged[chance.randrange(1, size) :]
    elif kind in ("flip", "flips"):
        for _ in range(1 if kind == "flip" else 50):
            damaged[chance.randrange(size)] ^= 1 << chance.randrange(8)
    else:
        start, length = chance.randrange(size // 512) * 512, 512 * chance.randint(1, 8)
        length = min(length, size - start)
        other = chance.randrange(size - length)
        content = {"zeros": bytes(length), "noise": chance.randbytes(length)}
        damaged[start : start + length] = content.get(kind, data[other : other + length])
    return bytes(damaged)


def rows_of(path: Path, tables: Sequence[str]) -> Rows:
    """Return the rows of tables, as SQLite reads them."""
    with closing(sqlite.connect(path, read_only=True)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def tables_of(path: Path) -> list[str]:
    """Return the names of the tables."""
    with closing(sqlite.connect(path, read_only=True)) as connection:
        found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        return [str(name) for (name,) in found]


async def open_and_close(path: Path) -> str:
    """Open a database as every face does; return what a person is told, or nothing."""
    try:
        async with await StateDb.open(path) as db, db.read() as rx:
            await messages.of_run(rx, "run-1")
    except CodeLabError as error:
        return str(error)
    return ""


async def check_fault(path: Path, damaged: bytes, sound: Rows, tables: list[str]) -> bool:
    """Check what becomes of a damaged database; return whether the damage was told."""
    await asyncio.to_thread(path.write_bytes, damaged)
    told = [*(await asyncio.to_thread(problems_of, path, None)), await open_and_close(path)]
    try:
        now, kept = rows_of(path, list(sound)), tables_of(path)
    except (sqlite.Error, UnicodeError):
        assert any(told), "it cannot be read, and nobody says so"
        held = [file for file in (path, *path.parent.rglob("*damaged*")) if file.is_file()]
        assert any(file.read_bytes() == damaged for file in held), "what was there is gone"
        return True
    assert set(tables) <= set(kept) or any(told), "a table was dropped"
    assert now == sound or any(told), "rows are not what was written, and nobody says so"
    return any(told)


@pytest.mark.slow
@pytest.mark.programme("storage")
@pytest.mark.req("SAFE-8", "AGENT-17")
async def test_no_fault_of_a_disk_drops_what_was_stored_or_goes_untold(
    tmp_path: Path, volume: Volume
) -> None:
    data = await stored(tmp_path / "sound.db")
    names = [*sorted(CHECKED), "blobs"]
    sound, tables = rows_of(tmp_path / "sound.db", names), tables_of(tmp_path / "sound.db")
    chance, told = random.Random(3), 0
    faults = volume(80, 1_800)
    for number in range(faults):
        folder = tmp_path / str(number)
        folder.mkdir()
        told += await check_fault(folder / "state.db", faulty(data, chance), sound, tables)
    assert told > faults // 4, "the control: most faults meet something"
