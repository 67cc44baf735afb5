"""Databases are brought up to date step by step, after a backup, and never backward."""

import asyncio
import os
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from codelab.core.errors import NewerDatabase, StateError
from codelab.store import sqlite
from codelab.store.migrate import Migration, load_migrations, migrate
from codelab.store.state import StateDb, UserDb

# What was released is never changed: add a file, and its hash here.
RELEASED = {
    "migrations": {
        "foundation": "9f748cd1c684699b855b91a858e38017f3c097ec50b381a55101edd5836273c5",
        "modes_and_taint": "82bb4c142bdd54ee3756838e1f12d9a16504aa40998e72259e92cae4dcddf02f",
        "approvals": "3e54286c2d2da93974b59c5100ffd865064c998fbad1bbeb83b014cd25cd7026",
        "audit": "14c75db244a8051f0b9f295d40fea3e48b1801102c53c484598fd8994bb709cd",
        "row_hashes": "ee7b3fea8da8f25f057ffdb6b3cb2ca3be3344152424673c1ac6787c99517b11",
    },
    "user_migrations": {
        "foundation": "11812d672d718a979ea5a5cfd47e2c0052a68d40538c900309e0c85411fd9622",
        "operations": "f1cadcfb71d5614a4cb897615a2dd5ba6c8a2bd6e92c2b3e48af1556726513af",
    },
}

FIRST = Migration(1, "first", "CREATE TABLE t (x TEXT) STRICT;\nINSERT INTO t VALUES ('kept');\n")
SECOND = Migration(2, "second", "ALTER TABLE t ADD COLUMN y TEXT;\nUPDATE t SET y = 'a;b';\n")
TRIGGER = Migration(
    3, "trigger", "CREATE TRIGGER tr AFTER INSERT ON t BEGIN\n  UPDATE t SET y = 'z';\n  SELECT 1;\nEND;\n"
)
BROKEN = Migration(3, "broken", "DELETE FROM t;\nCREATE TABLE u (x);\nnonsense;\n")


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite.connect(path, read_only=True)) as db:
        return [tuple(row) for row in db.execute(sql).fetchall()]


@pytest.mark.req("AGENT-17")
@pytest.mark.parametrize("folder", sorted(RELEASED))
def test_a_released_migration_is_never_changed(folder: str) -> None:
    assert {step.name: step.digest for step in load_migrations(folder)} == RELEASED[folder]


@pytest.mark.req("AGENT-17")
def test_a_new_database_is_made_for_the_person_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.db"
    asyncio.run(_open_and_close(path))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir() if p.is_file()} == {
        "state.db": 0o600,
        "state.db.lock": 0o600,
    }
    assert query(path, "PRAGMA journal_mode") == [("wal",)]
    assert not (path.parent / "backups").exists()


async def _open_and_close(path: Path) -> None:
    await (await StateDb.open(path)).close()


@pytest.mark.req("AGENT-17", "SAFE-8")
def test_a_backup_is_made_before_each_migration_of_a_database_in_use(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    assert migrate(path, (FIRST,)) == []
    two, three = migrate(path, (FIRST, SECOND, TRIGGER))
    assert query(two, "SELECT * FROM t") == [("kept",)]
    assert query(two, "PRAGMA user_version") == [(1,)]
    assert query(three, "SELECT * FROM t") == query(path, "SELECT * FROM t") == [("kept", "a;b")]
    assert query(path, "PRAGMA user_version") == [(3,)]
    assert stat.S_IMODE(two.stat().st_mode) == 0o600
    assert migrate(path, (FIRST, SECOND, TRIGGER)) == []


@pytest.mark.req("AGENT-17", "SAFE-8")
def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    migrate(path, (FIRST, SECOND))
    with pytest.raises(sqlite.OperationalError):
        migrate(path, (FIRST, SECOND, BROKEN))
    assert query(path, "SELECT * FROM t") == [("kept", "a;b")]
    assert query(path, "PRAGMA user_version") == [(2,)]
    assert query(path, "SELECT name FROM sqlite_schema WHERE name = 'u'") == []


@pytest.mark.req("AGENT-17")
def test_a_migration_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cut off"):
        migrate(tmp_path / "state.db", (Migration(1, "cut", "CREATE TABLE t (x"),))


@pytest.mark.req("AGENT-17")
@pytest.mark.parametrize("kind", [StateDb, UserDb])
async def test_a_newer_database_is_refused_and_not_touched(
    tmp_path: Path, kind: type[StateDb] | type[UserDb]
) -> None:
    path = tmp_path / "state.db"
    await (await kind.open(path)).close()
    with closing(sqlite.connect(path)) as db:
        db.execute("PRAGMA user_version = 9999")
        db.execute("PRAGMA journal_mode = DELETE")
    before = path.read_bytes(), sorted(os.listdir(tmp_path))
    with pytest.raises(NewerDatabase, match="newer CodeLab"):
        await kind.open(path)
    assert (path.read_bytes(), sorted(os.listdir(tmp_path))) == before


MIGRATE = """
import sys
from pathlib import Path
from codelab.store.migrate import load_migrations, migrate
print("ready", flush=True)
sys.stdin.readline()
migrate(Path(sys.argv[1]), load_migrations("migrations"))
"""


@pytest.mark.req("CARD-6")
def test_faces_that_start_at_once_make_the_database_once(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    children = [
        subprocess.Popen([sys.executable, "-c", MIGRATE, str(path)], stdin=-1, stdout=-1) for _ in range(4)
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.flush()
    for child in children:
        child.communicate(timeout=60)
    assert [child.returncode for child in children] == [0] * 4
    assert query(path, "PRAGMA user_version") == [(len(load_migrations("migrations")),)]
