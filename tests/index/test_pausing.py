"""Indexing that a person has paused: nothing more is indexed, search answers, and it goes on where it was."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.index.building.build import WorktreeIndexer
from codelab.index.building.pausing import PauseSwitch, pause_path, set_paused
from codelab.index.files.repository import find_repository
from codelab.index.reader import IndexReader
from codelab.index.supervisor import IndexSupervisor
from codelab.index.types import IndexStatus
from tests.index.helpers import PATIENCE_SECONDS, paths, until, write
from tests.support.command_line import codelab
from tests.support.model_server import scripted_model

pytestmark = pytest.mark.slow

CODE = "== a.py\ndef first_name():\n    pass\n"
LATER = "== later.py\ndef later_name():\n    pass\n"
MANY = 4000
"""Files: a sweep that is told to pause at its first commit is far from its end when it hears of it."""


@asynccontextmanager
async def supervised(
    root: Path, places: Places, settings: Settings | None = None
) -> AsyncIterator[IndexSupervisor]:
    """Give a supervisor, and stop it however the test ends."""
    supervisor = IndexSupervisor(root, places, settings or Settings())
    try:
        yield supervisor
    finally:
        await supervisor.stop()


@pytest.mark.req("INDEX-1")
async def test_a_paused_index_answers_from_what_it_has_and_goes_on_when_it_is_let(
    root: Path, places: Places, reader: IndexReader
) -> None:
    write(root, CODE)
    async with supervised(root, places) as supervisor:
        assert (await supervisor.wait_fresh(PATIENCE_SECONDS)).state == "fresh"
        supervisor.set_paused(paused=True)
        write(root, LATER)
        assert (await supervisor.wait_fresh(PATIENCE_SECONDS)).state == "paused"
        assert [status.state async for status in supervisor.progress()] == ["paused"]
        assert supervisor.is_worker_alive()
        assert paths(reader.search("first name")) == ["a.py"]
        supervisor.set_paused(paused=False)
        await until(lambda: bool(reader.find_symbols("later_name")))
        assert (await supervisor.wait_fresh(PATIENCE_SECONDS)).state == "fresh"


@pytest.mark.req("INDEX-1")
async def test_a_pause_outlives_the_processes_and_begins_in_the_midst_of_a_sweep(
    root: Path, places: Places, reader: IndexReader
) -> None:
    write(root, "".join(f"== m{n}.py\ndef name_{n}():\n    pass\n" for n in range(MANY)))
    status = IndexStatus("missing")
    async with supervised(root, places) as first:
        async for status in first.progress():
            if status.files and status.state == "building":
                first.set_paused(paused=True)
        assert status.state == "paused"
        assert 0 < status.files < MANY
        assert reader.search("name 0")
    async with supervised(root, places) as second:
        assert (await second.wait_fresh(PATIENCE_SECONDS)).state == "paused"
        assert second.status().files < MANY
        second.set_paused(paused=False)
        status = await second.wait_fresh(PATIENCE_SECONDS)
        assert (status.state, status.files) == ("fresh", MANY)


@pytest.mark.req("INDEX-1", "INDEX-5")
async def test_a_pause_holds_the_worker_in_the_midst_of_the_vectors_too(root: Path, places: Places) -> None:
    write(root, "".join(f"== m{n}.py\ndef name_{n}():\n    pass\n" for n in range(200)))
    with scripted_model([]) as server:
        server.embedding_steps += [{}, {"stall": True}]  # the first asks for the length of vectors
        models = ModelSettings(endpoint=server.base_url, embedding="small")
        async with supervised(root, places, Settings(models=models)) as supervisor:
            assert (await supervisor.wait_fresh(PATIENCE_SECONDS)).chunks == 200
            await until(lambda: len(server.embedded) == 2)
            supervisor.set_paused(paused=True)
            server.release()
            await until(lambda: supervisor.status().embedded > 0)
            told = await asyncio.to_thread(codelab, "index", "status", "--root", root)
            assert told.out.startswith("index: paused, 200 of 200 files, 136 of 200 chunks without vectors\n")
            assert (supervisor.status().state, supervisor.status().embedded) == ("paused", 64)
            assert len(server.embedded) == 2
            supervisor.set_paused(paused=False)
            await until(lambda: supervisor.status().embedded == 200)
            assert sum(len(one.body["input"]) for one in server.embedded[1:]) == 200


@pytest.mark.req("INDEX-1")
def test_a_sweep_that_is_paused_keeps_what_it_has(root: Path, places: Places) -> None:
    write(root, CODE)
    path = pause_path(places, find_repository(root))
    set_paused(path, paused=True)
    assert PauseSwitch(path).is_on()
    set_paused(path, paused=False)
    set_paused(path, paused=False)
    assert not PauseSwitch(path).is_on()
    with WorktreeIndexer(root, places, Settings(), cancelled=PauseSwitch(path).is_on) as indexer:
        assert indexer.sweep().files == 1, "the control"


@pytest.mark.req("INDEX-1", "CARD-6")
def test_the_command_pauses_resumes_and_tells(root: Path) -> None:
    write(root, CODE)
    assert codelab("index", "status", "--root", root, "--json").data["state"] == "missing"
    paused = codelab("index", "--root", root, "pause")
    assert paused.out.startswith("index: paused, 0 of 0 files\n")
    assert "`codelab index resume` lets it go on" in paused.err
    assert codelab("index", "--root", root, "--json").data["files"] == 0
    assert codelab("index", "status", "--root", root, "--json").data["state"] == "paused"
    assert "paused" in codelab("doctor", "--root", root).out
    codelab("index", "resume", "--root", root)
    assert codelab("index", "--root", root, "--json").data["files"] == 1
    told = codelab("index", "status", "--root", root, "--json").data
    assert (told["state"], told["worker"], told["files"], told["last_error"]) == ("fresh", False, 1, "")
