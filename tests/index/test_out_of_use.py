"""What is long out of use leaves the index: contents of other branches, worktrees that are gone."""

import shutil
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.building.build import WorktreeIndexer
from codelab.index.building.pool import ParserPool
from codelab.index.files.repository import find_repository, index_folder
from codelab.index.storing import database
from codelab.store import sqlite
from tests.index.conftest import Index
from tests.index.helpers import write

pytestmark = pytest.mark.req("INDEX-1")

CODE = "== a.py\ndef first_name():\n    pass\n"
LATER = "== a.py\ndef second_name():\n    pass\n"


def change(root: Path, places: Places, *statements: str) -> None:
    """Change the index behind everybody's back."""
    connection = sqlite.connect(database.database_path(index_folder(places, find_repository(root))))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def rows(root: Path, places: Places, table: str) -> int:
    path = database.database_path(index_folder(places, find_repository(root)))
    connection = sqlite.connect(path, read_only=True)
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    connection.close()
    return int(count)


def clean(root: Path, places: Places, pool: ParserPool) -> None:
    with WorktreeIndexer(root, places, Settings(), pool=pool) as indexer:
        indexer.clean()


def test_contents_that_nobody_has_used_for_two_weeks_are_dropped(
    root: Path, places: Places, index: Index, pool: ParserPool
) -> None:
    write(root, CODE)
    index()
    write(root, LATER)
    index()
    clean(root, places, pool)
    assert [rows(root, places, table) for table in ("blob", "chunk", "definition")] == [2, 2, 2], (
        "the control"
    )
    change(root, places, "UPDATE blob SET unused_since = unused_since - 15 * 86400")
    clean(root, places, pool)
    assert [rows(root, places, table) for table in ("blob", "chunk", "definition")] == [1, 1, 1]


def test_a_worktree_whose_folder_is_long_gone_is_dropped_with_what_it_wanted(
    tmp_path: Path, root: Path, places: Places, index: Index, pool: ParserPool
) -> None:
    git = root / ".git"
    (git / "worktrees" / "other").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "worktrees" / "other" / "HEAD").write_text("ref: refs/heads/other\n")
    (git / "worktrees" / "other" / "commondir").write_text("../..\n")
    other = tmp_path / "other"
    write(root, CODE)
    write(other, LATER + f"== .git\ngitdir: {git}/worktrees/other\n")
    index()
    index(at=other)
    change(root, places, "INSERT INTO wanted_by VALUES (1, 7), (2, 8)", "INSERT INTO served_by VALUES (2, 7)")
    tables = ("worktree", "file", "wanted_by", "served_by")
    shutil.rmtree(other)
    clean(root, places, pool)
    assert [rows(root, places, table) for table in tables] == [2, 2, 2, 1], "the control: it may come back"
    change(root, places, "UPDATE worktree SET swept_at = swept_at - 15 * 86400")
    clean(root, places, pool)
    assert [rows(root, places, table) for table in tables] == [1, 1, 1, 0]
