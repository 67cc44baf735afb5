"""Faults of the disk in the index: it is made again, search answers, and ``state.db`` is not touched."""

import random
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index import database
from codelab.index.build import WorktreeIndexer
from codelab.index.pool import ParserPool
from codelab.index.reader import IndexReader
from codelab.store import sqlite
from tests.index.helpers import write
from tests.programme.volume import Volume
from tests.store.test_storage_faults import faulty

FILES = "".join(f"== m{n}.py\ndef name_{n}(value):\n    '''Words number{n} here.'''\n" for n in range(30))


def is_whole(root: Path, places: Places) -> bool:
    """Tell whether every file is found, by its name and by its words."""
    reader = IndexReader.open(root, places)
    try:
        return all(reader.find_symbols(f"name_{n}") and reader.search(f"number{n}") for n in range(30))
    finally:
        reader.close()


@pytest.mark.slow
@pytest.mark.programme("storage")
@pytest.mark.req("INDEX-1", "SAFE-8")
def test_whatever_a_disk_does_to_the_index_it_is_whole_after_the_daily_look(
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
    for _ in range(volume(10, 200)):
        database.remove(path.parent)
        path.write_bytes(faulty(sound, chance))
        with WorktreeIndexer(root, places, Settings(), pool=pool) as indexer:
            indexer.verify()
            indexer.sweep()
            indexer.verify()
            assert not indexer.is_lost()
        assert is_whole(root, places)
    assert state.read_bytes() == b"precious"
