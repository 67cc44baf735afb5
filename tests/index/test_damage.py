"""An index damaged or deleted under a living worker and reader: search goes on, and it is made again."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.building.build import WorktreeIndexer
from codelab.index.building.pool import ParserPool
from codelab.index.files.repository import find_repository, index_folder
from codelab.index.reader import IndexReader
from codelab.index.storing import database
from codelab.index.supervisor import IndexSupervisor
from codelab.store import sqlite
from tests.index.conftest import Index
from tests.index.helpers import PATIENCE_SECONDS, until, write
from tests.support.rights import GIVE_UP_RIGHTS

FILES = "".join(
    f"== m{n}.py\ndef name_{n}(value):\n    '''Words number{n} and alpha{n % 7}.'''\n" for n in range(120)
)
DAMAGES = ["truncated", "emptied", "zeros in the middle", "noise", "deleted"]


def damage(path: Path, how: str) -> None:
    """Damage the file of an index in one way, all of whose pages are in it and not in its log."""
    connection = sqlite.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    size = path.stat().st_size
    if how == "truncated":
        os.truncate(path, size // 2)
    elif how == "emptied":
        os.truncate(path, 0)
    elif how == "deleted":
        path.unlink()
    else:
        with path.open("r+b") as file:
            file.seek(size // 4 if how == "zeros in the middle" else 4096)
            file.write(bytes(size // 2) if how == "zeros in the middle" else os.urandom(size - 4096))


@asynccontextmanager
async def indexed(root: Path, places: Places) -> AsyncIterator[IndexSupervisor]:
    """Run a worker until the index is fresh, and on."""
    supervisor = IndexSupervisor(root, places, Settings())
    try:
        assert (await supervisor.wait_fresh(PATIENCE_SECONDS)).state == "fresh"
        yield supervisor
    finally:
        await supervisor.stop()


@pytest.mark.slow
@pytest.mark.req("INDEX-1")
async def test_whatever_happens_to_the_index_while_it_is_open_it_is_whole_again_soon(
    root: Path, places: Places, reader: IndexReader
) -> None:
    write(root, FILES)
    state = places.workspace_data(root) / "state.db"
    state.parent.mkdir(parents=True)
    state.write_bytes(b"precious")
    before = state.stat()
    path = database.database_path(index_folder(places, find_repository(root)))

    def is_whole() -> bool:
        found = [bool(reader.find_symbols(f"name_{n}")) for n in (0, 60, 119)]
        return all(found) and bool(reader.search("number60"))

    async with indexed(root, places):
        for how in DAMAGES:
            damage(path, how)
            assert isinstance(reader.search("number60"), list), "search keeps answering"
            await until(is_whole)
    after = state.stat()
    assert (state.read_bytes(), after.st_mtime_ns, after.st_ino) == (
        b"precious",
        before.st_mtime_ns,
        before.st_ino,
    )


@pytest.mark.req("INDEX-1")
@pytest.mark.parametrize("how", ["zeros in the middle", "noise"])
def test_damage_that_nobody_has_met_is_found_by_the_daily_look(
    root: Path, places: Places, pool: ParserPool, how: str
) -> None:
    write(root, FILES)
    with WorktreeIndexer(root, places, Settings(), pool=pool) as indexer:
        indexer.sweep()
        indexer.verify()
        assert not indexer.is_lost(), "the control"
        damage(database.database_path(indexer.folder), how)
        indexer.verify()
        assert indexer.is_lost()
        assert indexer.sweep().files == 120
        indexer.verify()
        assert not indexer.is_lost()


SEARCHING = """
from codelab.config.places import find_places
from codelab.config.settings import Settings
from codelab.core.errors import StateError
from codelab.index.building.build import index_worktree
from codelab.index.reader import IndexReader
import pathlib, sys
root = pathlib.Path(sys.argv[1])
try:
    index_worktree(root, find_places(), Settings())
except StateError as error:
    print(error)
reader = IndexReader.open(root, find_places())
print([hit.path for hit in reader.search("number60")])
reader.close()
"""


@pytest.mark.req("INDEX-1")
@pytest.mark.slow
def test_an_index_that_may_only_be_read_is_searched_and_the_reason_told(
    root: Path, places: Places, index: Index
) -> None:
    write(root, FILES)
    index()
    folder = index_folder(places, find_repository(root))
    path = database.database_path(folder)
    path.chmod(0o400)
    folder.chmod(0o500)
    try:
        done = subprocess.run(
            [sys.executable, "-c", GIVE_UP_RIGHTS + SEARCHING, str(root)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    finally:
        folder.chmod(0o700)
    assert "m60.py" in done.stdout, done.stderr
    assert "cannot be used" in done.stdout
    assert "Make it writable" in done.stdout
