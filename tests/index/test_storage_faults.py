"""Faults of the disk in the index: it is made again, search answers, and ``state.db`` is not touched."""

import random
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.building.build import WorktreeIndexer
from codelab.index.building.pool import ParserPool
from codelab.index.reader import IndexReader
from codelab.index.storing import database
from codelab.store import sqlite
from tests.index.helpers import write
from tests.programme.volume import Volume
from tests.store.test_storage_faults import faulty

FILES = "".join(f"== m{n}.py\ndef name_{n}(value):\n    '''Words number{n} here.'''\n" for n in range(30))


def found(root: Path, places: Places) -> int:
    """Return how many files are found both by their name and by their words; search must not fail."""
    reader = IndexReader.open(root, places)
    try:
        return sum(bool(reader.find_symbols(f"name_{n}") and reader.search(f"number{n}")) for n in range(30))
    finally:
        reader.close()


@pytest.mark.slow
@pytest.mark.programme("storage")
@pytest.mark.req("INDEX-1", "SAFE-8")
def test_whatever_a_disk_does_to_the_index_search_answers_and_the_daily_look_mends_what_can_be_seen(
    root: Path, places: Places, pool: ParserPool, volume: Volume
) -> None:
    write(root, FILES)
    state = places.workspace_data(root) / "state.db"
    state.parent.mkdir(parents=True)
    state.write_bytes(b"precious")
    with WorktreeIndexer(root, places, Settings(), pool=pool) as indexer:
        indexer.sweep()
        path = database.database_path(indexer.folder)
    with sqlite.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    sound, chance = path.read_bytes(), random.Random(4)
    faults, whole = volume(10, 200), 0
    for _ in range(faults):
        database.remove(path.parent)
        path.write_bytes(faulty(sound, chance))
        with WorktreeIndexer(root, places, Settings(), pool=pool) as indexer:
            indexer.verify()
            indexer.sweep()
            indexer.verify()
            assert not indexer.is_lost()
        whole += found(root, places) == 30
    # A bit that flips in a stored word breaks nothing that SQLite knows of: a cache carries no checksums.
    assert whole > faults * 0.8
    assert state.read_bytes() == b"precious"
