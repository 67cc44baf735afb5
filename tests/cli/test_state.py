"""``codelab state``: sound or damaged, backed up, restored; of a damaged database nothing is dropped."""

import asyncio
import os
from contextlib import closing
from pathlib import Path

import pytest
import watchfiles

from codelab.config.places import find_places
from codelab.store import sqlite
from codelab.store.backups import list_backups
from tests.support.bench import bench_on, write_files
from tests.support.command_line import codelab

pytestmark = [pytest.mark.slow, pytest.mark.req("SAFE-8")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_files(tmp_path / "shop", {"a.py": "one = 1\n"})
    assert codelab("ask", "--root", root, "where is one?").code == 0
    return root


def state_db(root: Path) -> Path:
    return find_places().state_db(root)


def runs_in(root: Path) -> int:
    with closing(sqlite.connect(state_db(root), read_only=True)) as db:
        (count,) = db.execute("SELECT count(*) FROM runs").fetchone()
        return int(count)


def test_what_is_sound_and_what_is_not_are_told_apart(root: Path) -> None:
    assert codelab("state", "--root", root).code == 0
    with closing(sqlite.connect(state_db(root))) as db:
        db.execute("UPDATE messages SET content = 'other' WHERE n = 1")
    found = codelab("state", "check", "--json", "--root", root)
    assert found.code == 1
    assert found.data["problems"][str(state_db(root))] == ["Row 1 of messages is not what was written"]


def test_a_backup_is_restored_after_damage_and_the_damaged_file_is_kept(root: Path) -> None:
    assert codelab("state", "backup", "--root", root).code == 0
    assert codelab("ask", "--root", root, "where is one again?").code == 0
    whole = state_db(root).read_bytes()
    state_db(root).write_bytes(whole[:100] + os.urandom(len(whole) - 100))
    told = codelab("ask", "--root", root, "and now?")
    assert told.code == 3
    assert "is damaged" in told.err
    assert "`codelab state restore`" in told.err
    refused = codelab("state", "restore", "--root", root)
    assert (refused.code, runs_of_damaged(root)) == (6, True), "nobody said yes"
    restored = codelab("state", "restore", "--yes", "--json", "--root", root)
    assert restored.code == 0
    assert Path(restored.data["kept"]).read_bytes()[100:200] != whole[100:200]
    assert runs_in(root) == 1
    assert codelab("state", "--root", root).code == 0
    assert codelab("audit", "--root", root).code == 0
    shown = codelab("audit", "show", "--kind", "state-restored", "--root", root)
    assert list_backups(state_db(root))[-1].name in shown.out


def runs_of_damaged(root: Path) -> bool:
    try:
        return runs_in(root) < 0
    except sqlite.DatabaseError:
        return True


def test_nothing_is_restored_under_a_face_that_lives(root: Path) -> None:
    assert codelab("state", "backup", "--root", root).code == 0

    async def while_a_face_lives() -> None:
        async with bench_on(root, client="Neovim"):
            refused = await asyncio.to_thread(codelab, "state", "restore", "--yes", "--root", root)
            assert refused.code == 2
            assert "Neovim works with it" in refused.err

    asyncio.run(while_a_face_lives())
    assert codelab("state", "restore", "--yes", "--root", root).code == 0, "the control: now nobody is there"


def test_a_face_makes_the_backup_of_the_day_by_itself(root: Path) -> None:
    assert list_backups(state_db(root)) == []
    for _ in range(2):
        asyncio.run(open_until_there_is_one(root))
    assert len(list_backups(state_db(root))) == 1


async def open_until_there_is_one(root: Path) -> None:
    async with bench_on(root), asyncio.timeout(60):
        async for _ in watchfiles.awatch(state_db(root).parent, yield_on_timeout=True, rust_timeout=50):
            if list_backups(state_db(root)):
                return


def test_there_is_nothing_to_restore_where_nothing_was_backed_up(root: Path) -> None:
    assert codelab("state", "backup", "--list", "--root", root).err == "There are no backups.\n"
    assert codelab("state", "restore", "--yes", "--root", root).code == 2
