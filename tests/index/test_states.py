"""What is said of the state of an index is true, whether a worker is there or not."""

import contextlib
from pathlib import Path

import pytest
from filelock import FileLock

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.building.build import index_worktree
from codelab.index.building.progress import lock_path, read_status, status_path, write_status
from codelab.index.files.repository import find_repository
from codelab.index.supervisor import IndexSupervisor
from codelab.index.types import IndexStatus
from tests.index.helpers import PATIENCE_SECONDS, until, write
from tests.support.command_line import codelab

CODE = "== a.py\ndef first_name():\n    pass\n"
COMPLETE = IndexStatus("building", files=1, total=1, chunks=1, updated_at=1e9)
PARTLY = IndexStatus("building", files=3, total=9)


def state_told(root: Path, places: Places, stored: IndexStatus, *, worker: bool = False) -> str:
    """Return the state that a face tells which only looks, after a worker has written another."""
    repository = find_repository(root)
    write_status(status_path(places, repository), stored)
    with FileLock(lock_path(places, repository)) if worker else contextlib.nullcontext():
        return IndexSupervisor(root, places, Settings()).status().state


@pytest.mark.req("INDEX-1")
def test_an_index_counts_as_being_built_only_where_a_worker_is(root: Path, places: Places) -> None:
    write(root, CODE)
    index_worktree(root, places, Settings())
    assert state_told(root, places, COMPLETE) == "fresh"
    assert state_told(root, places, PARTLY) == "unfinished"
    assert state_told(root, places, IndexStatus("building")) == "missing"
    assert state_told(root, places, PARTLY, worker=True) == "building", "the control: there is one"
    told = codelab("index", "status", "--root", root)
    assert told.out.startswith("index: not complete, 3 of 9 files, and nothing is at work on it\n")


@pytest.mark.slow
@pytest.mark.req("INDEX-1", "CARD-6")
def test_commands_that_only_look_leave_the_index_as_it_stands(root: Path) -> None:
    write(root, CODE)
    codelab("index", "--root", root)
    codelab("index", "pause", "--root", root)
    resumed = codelab("index", "resume", "--root", root)
    assert resumed.out.startswith("index: fresh, 1 file (")
    assert "\n1 chunk with vectors of bundled" in resumed.out
    for _ in range(3):
        assert codelab("status", "--root", root, "--json").data["index"] == "fresh"
        assert "index" in codelab("doctor", "--root", root).out
    looked = codelab("index", "status", "--root", root)
    assert looked.out.splitlines()[1:] == resumed.out.splitlines()[1:]


@pytest.mark.slow
@pytest.mark.req("INDEX-1", "INDEX-5")
async def test_a_worker_that_begins_tells_of_the_vectors_that_there_were(root: Path, places: Places) -> None:
    write(root, CODE)
    path = status_path(places, find_repository(root))
    supervisor = IndexSupervisor(root, places, Settings())
    try:
        async for _ in supervisor.progress(vectors=True):
            pass
        assert read_status(path).embedded == 1
        await supervisor.stop()
        supervisor.set_paused(paused=True)  # so that it does not count them again
        supervisor.start()
        await until(lambda: read_status(path).state == "building")
        assert (read_status(path).embedded, read_status(path).embedder[:7]) == (1, "bundled")
        supervisor.set_paused(paused=False)
        assert (await supervisor.wait_fresh(PATIENCE_SECONDS)).state == "fresh"
    finally:
        await supervisor.stop()
