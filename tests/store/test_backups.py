"""Backups: one a day, fewer the older they are, whole or not there; and back in place with nothing lost."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from codelab.core.errors import InputError, StateError
from codelab.store import sessions, sqlite
from codelab.store.backups import back_up, back_up_daily, folder_of, kept, list_backups, prune
from codelab.store.restoring import put_in_place
from codelab.store.sessions import Session
from codelab.store.state import StateDb
from tests.support.stored import store_basics

pytestmark = pytest.mark.req("SAFE-8")

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
KNOWN = 1000


@pytest.fixture
async def path(tmp_path: Path) -> AsyncIterator[Path]:
    """Return a database that is in use."""
    async with await StateDb.open(tmp_path / "state.db") as db:
        async with db.write() as tx:
            await store_basics(tx)
        yield db.path


def titles(path: Path) -> list[str]:
    with closing(sqlite.connect(path, read_only=True)) as db:
        return [title for (title,) in db.execute("SELECT title FROM sessions ORDER BY n")]


async def test_a_backup_of_a_database_in_use_is_one_whole_file_for_the_person_alone(path: Path) -> None:
    async with await StateDb.open(path) as other, other.write() as tx:
        await sessions.create(tx, Session("ses-2", "not committed", "", 2.0))
        backup = await asyncio.to_thread(back_up, path, NOW)
    assert titles(backup) == ["fix it"]
    assert os.listdir(folder_of(path)) == [backup.name]
    assert backup.stat().st_mode & 0o777 == 0o600


async def test_one_a_day_is_made_and_none_of_nothing(path: Path, tmp_path: Path) -> None:
    first = back_up_daily(path, NOW)
    assert first is not None
    assert back_up_daily(path, NOW + timedelta(hours=23)) is None
    assert back_up_daily(path, NOW + timedelta(hours=24)) is not None
    assert back_up_daily(path, NOW - timedelta(days=400)) is not None, "a clock that was set back"
    assert back_up_daily(tmp_path / "missing.db", NOW) is None
    await (await StateDb.open(tmp_path / "empty.db")).close()
    assert back_up_daily(tmp_path / "empty.db", NOW) is None


def test_the_newest_of_seven_days_four_weeks_and_twelve_months_are_kept() -> None:
    every_six_hours = [NOW - timedelta(hours=6 * number) for number in range(4 * 800)]
    left = sorted(kept(every_six_hours), reverse=True)
    days = {made.date() for made in left[:7]}
    assert days == {(NOW - timedelta(days=number)).date() for number in range(7)}
    assert len({(made.year, made.month) for made in left}) == 12
    assert 7 + 11 <= len(left) <= 7 + 4 + 12
    assert max(left) == NOW
    assert kept(left) == set(left), "what is kept today is kept if nothing new comes"
    assert kept([]) == set()


async def test_old_ones_are_removed_and_those_before_migrations_stay(path: Path) -> None:
    for days in range(0, 60):
        (folder_of(path)).mkdir(exist_ok=True)
        stamp = (NOW - timedelta(days=days)).strftime("%Y%m%dT%H%M%S%f")
        (folder_of(path) / f"state-{stamp}.db").write_bytes(b"")
    migration = folder_of(path) / "state-v0001-20200101T000000000000.db"
    migration.write_bytes(b"")
    cut_off = folder_of(path) / "state-20200101T000000000000.db.tmp"
    cut_off.write_bytes(b"half")
    made = back_up_daily(path, NOW + timedelta(days=2))
    left = list_backups(path)
    assert made in left
    assert left[0] == migration
    assert 7 < len(left) < 16
    assert not cut_off.exists()
    assert prune(path) == []


async def test_a_damaged_database_is_not_backed_up_over_good_ones(path: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    data = bytearray(back_up(path, NOW).read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    broken.write_bytes(data)
    with pytest.raises(sqlite.DatabaseError):
        back_up(broken, NOW)
    assert list_backups(broken) == []


async def test_a_backup_is_put_in_place_and_what_was_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with await StateDb.open(path) as db:
        async with db.write() as tx:
            await store_basics(tx)
        backup = back_up(path, NOW)
        async with db.write() as tx:
            await sessions.create(tx, Session("ses-2", "since then", "", 2.0))
    aside = put_in_place(path, backup, KNOWN, lambda: "")
    assert titles(path) == ["fix it"]
    assert aside is not None
    assert titles(aside) == ["fix it", "since then"]
    assert backup.exists()
    assert put_in_place(tmp_path / "gone" / "state.db", backup, KNOWN, lambda: "") is None


@pytest.mark.parametrize("problem", ["in use", "damaged", "newer", "missing", "no database"])
async def test_what_cannot_be_restored_leaves_everything_as_it_was(path: Path, problem: str) -> None:
    backup = back_up(path, NOW)
    known = KNOWN
    if problem == "damaged":
        data = bytearray(backup.read_bytes())
        data[4096:] = os.urandom(len(data) - 4096)
        backup.write_bytes(data)
    elif problem == "no database":
        backup.write_bytes(b"not a database at all" * 100)
    elif problem == "newer":
        known = 1
    elif problem == "missing":
        backup = backup.with_name("other.db")
    before = sorted(os.listdir(path.parent))
    with pytest.raises((InputError, StateError)):
        put_in_place(path, backup, known, lambda: "Neovim works with it" if problem == "in use" else "")
    assert sorted(os.listdir(path.parent)) == before
    assert titles(path) == ["fix it"]
