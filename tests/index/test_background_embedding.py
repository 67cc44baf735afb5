"""Vectors are made in the background, once for each content, and search has them as they come."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.index.embedding.background import BackgroundEmbedding, Embedding
from codelab.index.files.repository import find_repository, index_folder
from codelab.index.searching.similar import Similar, SimilarPassages
from codelab.index.storing import database
from codelab.index.supervisor import IndexSupervisor
from codelab.store import sqlite
from tests.index.conftest import Index
from tests.index.helpers import until, write
from tests.support.model_server import ScriptedModel, scripted_model

pytestmark = pytest.mark.req("INDEX-5", "INDEX-1")

GUARD_SECONDS = 100.0
FILES = """
    == boats.py
    def sail(harbour):
        return harbour.wind
    == bread.py
    def bake(flour):
        return flour.oven
    == .env
    SECRET_KEY=do-not-send
"""


def many_files(count: int) -> str:
    return "".join(f"== m{n}.py\ndef name_{n}():\n    pass\n" for n in range(count))


def choosing(server: ScriptedModel, model: str = "small") -> Settings:
    return Settings(models=ModelSettings(endpoint=server.base_url, embedding=model))


class Watched:
    """What the background says of itself, to be waited for."""

    def __init__(self) -> None:
        self.said: list[Embedding] = []
        self._changed = threading.Condition()

    def __call__(self, standing: Embedding) -> None:
        with self._changed:
            self.said.append(standing)
            self._changed.notify_all()

    def wait(self, *, after: int = 0, error: str = "") -> Embedding:
        """Wait until it is complete, or fails with these words; give what it said then."""

        def reached() -> bool:
            return any(one.complete if not error else error in one.error for one in self.said[after:])

        with self._changed:
            assert self._changed.wait_for(reached, GUARD_SECONDS), self.said
            return self.said[-1]


@contextmanager
def embedding(
    root: Path, places: Places, settings: Settings
) -> Iterator[tuple[BackgroundEmbedding, Watched]]:
    watched = Watched()
    folder = index_folder(places, find_repository(root))
    background = BackgroundEmbedding(root, folder, places, settings, watched, pause_seconds=0.01)
    background.start()
    background.wake()
    try:
        yield background, watched
    finally:
        background.stop()


def ask(
    root: Path, places: Places, settings: Settings, query: str, seconds: float = GUARD_SECONDS
) -> Similar:
    """Return what is similar to a query, with the files in place of the chunks."""
    folder = index_folder(places, find_repository(root))
    connection = sqlite.connect(database.database_path(folder), read_only=True, vectors=True)
    try:
        found = SimilarPassages(places, settings, seconds=seconds).find(connection, 1, query, 10)
    finally:
        connection.close()
    return found


def files_of(root: Path, places: Places, found: Similar) -> list[str]:
    connection = sqlite.connect(
        database.database_path(index_folder(places, find_repository(root))), read_only=True
    )
    rows = {
        chunk: connection.execute(
            "SELECT p.path FROM chunk c JOIN file f ON f.blob = c.blob JOIN path p ON p.id = f.path"
            " WHERE c.id = ?",
            (chunk,),
        ).fetchone()[0]
        for chunk in found.chunks
    }
    connection.close()
    return [rows[chunk] for chunk in found.chunks]


def texts(server: ScriptedModel) -> list[str]:
    return [text for request in server.embedded for text in request.body["input"]]


def test_every_chunk_gets_a_vector_and_a_secrets_file_goes_nowhere(
    root: Path, places: Places, index: Index
) -> None:
    write(root, FILES)
    status = index()
    with scripted_model([]) as server:
        settings = choosing(server)
        with embedding(root, places, settings) as (_, watched):
            done = watched.wait()
            assert done.embedded == status.chunks
            assert done.embedder.startswith("small at ")
        found = ask(root, places, settings, "wind in the harbour")
        assert files_of(root, places, found)[0] == "boats.py"
        assert found.note == ""
        assert any("bake" in text for text in texts(server))  # the control: what is sent is seen
        assert not any("do-not-send" in text for text in texts(server))


def test_a_save_embeds_only_what_changed(root: Path, places: Places, index: Index) -> None:
    write(root, FILES)
    index()
    with scripted_model([]) as server:
        settings = choosing(server)
        with embedding(root, places, settings) as (background, watched):
            watched.wait()
            before, said = len(texts(server)), len(watched.said)
            write(root, "== bread.py\ndef bake(flour):\n    return flour.stone\n")
            index()
            background.wake()
            watched.wait(after=said)
            assert ["stone" in text for text in texts(server)[before:]] == [True]
        assert files_of(root, places, ask(root, places, settings, "stone"))[0] == "bread.py"


def test_another_start_embeds_nothing_again(root: Path, places: Places, index: Index) -> None:
    write(root, FILES)
    index()
    with scripted_model([]) as server:
        for _ in range(2):
            with embedding(root, places, choosing(server)) as (_, watched):
                watched.wait()
        assert len([text for text in texts(server) if "bake" in text]) == 1


def test_what_a_server_refuses_is_told_and_tried_again(root: Path, places: Places, index: Index) -> None:
    write(root, FILES)
    status = index()
    with scripted_model([]) as server:
        server.embedding_steps += [{"status": 429, "message": "slow down"}, {"raw": "<html>"}]
        with embedding(root, places, choosing(server)) as (_, watched):
            assert watched.wait().embedded == status.chunks
        assert any("too busy" in one.error for one in watched.said)
        assert any("<html>" in one.error for one in watched.said)
        assert watched.said[-1].error == ""


def test_a_server_that_is_not_there_is_told_and_search_says_so(
    root: Path, places: Places, index: Index
) -> None:
    write(root, FILES)
    index()
    settings = Settings(models=ModelSettings(endpoint="http://127.0.0.1:9/v1", embedding="small"))
    with embedding(root, places, settings) as (_, watched):
        watched.wait(error="cannot be reached")
    assert ask(root, places, settings, "wind") == Similar(note="no passage has a vector yet")


def test_until_the_vectors_of_a_new_model_are_complete_the_old_ones_serve(
    root: Path, places: Places, index: Index
) -> None:
    write(root, FILES)
    index()
    with scripted_model([]) as server:
        with embedding(root, places, choosing(server)) as (_, watched):
            watched.wait()
        new = choosing(server, "large")
        found = ask(root, places, new, "wind in the harbour")
        assert files_of(root, places, found)[0] == "boats.py"
        assert "until the new ones are complete" in found.note
        assert server.embedded[-1].body["model"] == "small"
        with embedding(root, places, new) as (_, watched):
            watched.wait()
        found = ask(root, places, new, "wind in the harbour")
        assert files_of(root, places, found)[0] == "boats.py"
        assert found.note == ""
        assert server.embedded[-1].body["model"] == "large"


def test_a_query_waits_only_so_long_for_its_vector(root: Path, places: Places, index: Index) -> None:
    write(root, FILES)
    index()
    with scripted_model([]) as server:
        settings = choosing(server)
        with embedding(root, places, settings) as (_, watched):
            watched.wait()
        server.embedding_steps.append({"stall": True})
        found = ask(root, places, settings, "wind", seconds=0.05)
        assert found == Similar(note="the query's vector did not come within 0.05 s")
        server.release()


def stored_vectors(root: Path, places: Places) -> int:
    """Return how many vectors are in the index, of whatever embedder."""
    path = database.database_path(index_folder(places, find_repository(root)))
    connection = sqlite.connect(path, read_only=True)
    (vectors,) = connection.execute("SELECT count(*) FROM vector").fetchone()
    (contents,) = connection.execute("SELECT count(*) FROM vector_bits").fetchone()
    (embedders,) = connection.execute("SELECT count(*) FROM embedder").fetchone()
    connection.close()
    assert (vectors > 0) == (contents > 0) == (embedders > 0)
    return int(vectors)


def test_without_an_embedder_nothing_is_embedded_and_the_vectors_there_were_go(
    root: Path, places: Places, index: Index
) -> None:
    write(root, FILES)
    status = index()
    without = Settings(models=ModelSettings(embedding="none"))
    with scripted_model([]) as server:
        with embedding(root, places, choosing(server)) as (_, watched):
            watched.wait()
        assert stored_vectors(root, places) == status.chunks, "the control"
        with embedding(root, places, without) as (_, watched):
            assert watched.wait() == Embedding(complete=True)
    assert stored_vectors(root, places) == 0
    assert ask(root, places, without, "wind") == Similar()


def test_the_vectors_of_a_model_that_was_given_up_halfway_go_too(
    root: Path, places: Places, index: Index
) -> None:
    write(root, many_files(100))
    status = index()
    with scripted_model([]) as server:
        server.embedding_steps += [{}, {}, *[{"status": 400, "message": "out of order"}] * 1000]
        with embedding(root, places, choosing(server, "abandoned")) as (_, watched):
            watched.wait(error="out of order")
            assert 0 < stored_vectors(root, places) < status.chunks, "the control"
        server.embedding_steps.clear()
        with embedding(root, places, choosing(server)) as (_, watched):
            watched.wait()
    assert stored_vectors(root, places) == status.chunks


def test_a_pause_holds_the_embedding_and_it_goes_on_where_it_was(
    root: Path, places: Places, index: Index
) -> None:
    write(root, many_files(200))
    status = index()
    paused, asked = threading.Event(), threading.Semaphore(0)

    def is_paused() -> bool:
        asked.release()
        return paused.is_set()

    watched = Watched()
    was_paused = threading.Event()

    def hear(standing: Embedding) -> None:
        watched(standing)
        if standing.embedded and not was_paused.is_set():
            was_paused.set()
            paused.set()

    with scripted_model([]) as server:
        folder = index_folder(places, find_repository(root))
        background = BackgroundEmbedding(root, folder, places, choosing(server), hear, paused=is_paused)
        background.start()
        background.wake()
        try:
            assert was_paused.wait(GUARD_SECONDS)
            while asked.acquire(blocking=False):  # what was asked before
                pass
            for _ in range(3):
                assert asked.acquire(timeout=GUARD_SECONDS)
            held = watched.said[-1].embedded
            assert 0 < held < status.chunks
            assert sum("name_" in text for text in texts(server)) == held
            paused.clear()
            assert watched.wait().embedded == status.chunks
            assert sum("name_" in text for text in texts(server)) == status.chunks
        finally:
            background.stop()


@pytest.mark.slow
async def test_the_worker_embeds_and_its_status_says_how_far(root: Path, places: Places) -> None:
    write(root, FILES)
    with scripted_model([]) as server:
        supervisor = IndexSupervisor(root, places, choosing(server))
        supervisor.start()
        try:
            await until(lambda: 0 < supervisor.status().chunks == supervisor.status().embedded)
            status = supervisor.status()
            assert status.state == "fresh"
            assert status.embedder.startswith("small at ")
            assert status.embedding_error == ""
        finally:
            await supervisor.stop()


def test_who_writes_beside_the_indexing_waits_for_the_disk_as_seldom_as_it(
    root: Path, places: Places, index: Index
) -> None:
    write(root, FILES)
    index()
    folder = index_folder(places, find_repository(root))

    def durability(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "wal_autocheckpoint")
        try:
            return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
        finally:
            connection.close()

    normal = ["wal", 1, 4000]
    assert durability(database.open_beside(folder)) == durability(database.open_for_writing(folder)) == normal
    plain = durability(sqlite.connect(database.database_path(folder)))
    assert plain == ["wal", 2, 1000], "the control: of these the file keeps the first alone"
