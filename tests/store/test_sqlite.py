"""The driver: one choice for all, recent, with vectors."""

from contextlib import closing
from pathlib import Path

import pytest

from codelab.store import sqlite


@pytest.mark.req("CARD-4", "CARD-7")
def test_the_driver_is_recent_and_loads_sqlite_vec(tmp_path: Path) -> None:
    assert sqlite.driver.sqlite_version_info >= (3, 45)
    assert sqlite.driver.sqlite_version in sqlite.driver_name()
    with closing(sqlite.connect(tmp_path / "a.db", vectors=True)) as db:
        ((version,),) = db.execute("SELECT vec_version()").fetchall()
        assert version.startswith("v0.")
        ((distance,),) = db.execute("SELECT vec_distance_hamming(vec_bit(x'0f'), vec_bit(x'00'))").fetchall()
        assert distance == 4
        with pytest.raises(sqlite.OperationalError):  # loading is closed again
            db.execute("SELECT load_extension('evil')")


@pytest.mark.req("CARD-7")
def test_the_errors_are_those_of_the_driver_that_was_chosen(tmp_path: Path) -> None:
    with closing(sqlite.connect(tmp_path / "a.db")) as db:
        with pytest.raises(sqlite.OperationalError):
            db.execute("nonsense")
        db.execute("CREATE TABLE t (x PRIMARY KEY)")
        db.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(sqlite.IntegrityError):
            db.execute("INSERT INTO t VALUES (1)")


@pytest.mark.req("SAFE-5")
def test_a_read_only_connection_cannot_write_nor_create(tmp_path: Path) -> None:
    with pytest.raises(sqlite.OperationalError):
        sqlite.connect(tmp_path / "missing.db", read_only=True)
    assert not (tmp_path / "missing.db").exists()
    odd = tmp_path / "a?mode=rwc#%41 b.db"  # what means something in a URI
    sqlite.connect(odd).close()
    assert odd.exists()
    with closing(sqlite.connect(odd, read_only=True)) as db, pytest.raises(sqlite.OperationalError):
        db.execute("CREATE TABLE t (x)")
