"""Embed in the background what has no vectors yet, while the index is searched and kept up to date.

A thread of the index worker with a connection of its own: it writes in small transactions, so that a saved
file never waits for it, and what it has written stays, so that it goes on where it was after a kill. While
the vectors of a new embedder are made, those of the one before serve; those of embedders that nobody wants
any more are removed, in transactions as small. Where a person pauses the indexing, all of this pauses.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.core.wording import cause_of
from codelab.index.embedding.embedding_process import EmbeddingProcesses
from codelab.index.embedding.passage_vectors import Embedded, embed_contents
from codelab.index.embedding.passages import Content, read_content
from codelab.index.files.content import Reader
from codelab.index.storing import database, vectors
from codelab.index.storing.current import CurrentIndex
from codelab.index.storing.vectors import StoredEmbedder, Unembedded
from codelab.index.storing.writer import transaction
from codelab.store import sqlite
from codelab_models.embedders import BUNDLED, open_embedder, source_of, without_passwords
from codelab_models.embedding import Embedder

FEW = 16
"""So many contents, what saves leave, are embedded in this process and not in ones of their own."""

_BATCH_BYTES = 200_000
_BATCH_CONTENTS = 64
_LIST = 20_000
_LONGEST_PAUSE = 300.0
_LOOK_SECONDS = 0.1  # how often it is asked whether a pause is over
_ROOM_SECONDS = 0.01  # between two removals, for a save that waits to be written


class Embedding(NamedTuple):
    """How the vectors of a worktree stand.

    Attributes:
        embedder: The recipe that is wanted; empty if nothing is embedded.
        embedded: Chunks that have its vectors.
        complete: Whether there is nothing left to do.
        error: Why it does not go on, in words; it is tried again.
        seconds: How long it worked since the last time it was complete.
    """

    embedder: str = ""
    embedded: int = 0
    complete: bool = False
    error: str = ""
    seconds: float = 0.0


class _Job(NamedTuple):
    embedder: Embedder
    stored: StoredEmbedder
    worktree: int
    began: float

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began


def embed_worktree(root: Path, folder: Path, places: Places, settings: Settings) -> Embedding:
    """Make the vectors of an index that is up to date, and return how they stand when it is done or fails.

    Args:
        root: The worktree's folder.
        folder: The repository's folder in the cache.
        places: Where the model host's folder is.
        settings: Which embedder, and what is indexed.
    """
    told: list[Embedding] = []
    done = threading.Event()

    def hear(standing: Embedding) -> None:
        told.append(standing)
        if standing.complete or standing.error:
            done.set()

    embedding = BackgroundEmbedding(root, folder, places, settings, hear)
    if not embedding.is_wanted:
        return Embedding(complete=True)
    embedding.start()
    embedding.wake()
    done.wait()
    embedding.stop()
    return told[-1]


class BackgroundEmbedding:
    """The thread. ``wake`` it when something was indexed.

    Args:
        root: The worktree's folder.
        folder: The repository's folder in the cache.
        places: Where the model host's folder is.
        settings: Which embedder, and what is indexed.
        report: Called from the thread with every change.
        paused: Asked often; as long as it says so nothing is done.
        pause_seconds: Before it is tried again what failed; it doubles each time.
    """

    def __init__(
        self,
        root: Path,
        folder: Path,
        places: Places,
        settings: Settings,
        report: Callable[[Embedding], None],
        *,
        paused: Callable[[], bool] = lambda: False,
        pause_seconds: float = 2.0,
    ) -> None:
        self._pause, self._paused = pause_seconds, paused
        self._root, self._places, self._settings = root, places, settings
        self._report = report
        self._source = source_of(settings.models)
        self._embedder: Embedder | None = None
        self._index = CurrentIndex(folder, database.open_beside)
        self._woken, self._stopped = threading.Event(), threading.Event()
        self._standing = Embedding()
        self._processes: EmbeddingProcesses | None = None
        self._thread = threading.Thread(target=self._run, name="embedding", daemon=True)

    @property
    def is_wanted(self) -> bool:
        """Whether the settings name an embedder."""
        return bool(self._source)

    def start(self) -> None:
        """Begin to wait for work; where nothing is to be embedded, remove the vectors there were, and end."""
        self._thread.start()
        if not self._source:
            self.wake()

    def wake(self) -> None:
        """Look whether there is work."""
        self._woken.set()

    def stop(self) -> None:
        """End soon: a batch that is on its way is lost, and made again the next time."""
        self._stopped.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    def kill(self) -> None:
        """End the processes that embed at once, from another thread; what they were at is lost."""
        self._stopped.set()
        self._woken.set()
        if self._processes is not None:
            self._processes.kill()

    def _run(self) -> None:
        pause: float | None = None
        failures = 0
        while True:
            self._woken.wait(pause)
            if pause is not None:
                self._stopped.wait(pause)  # a save does not make a server that refuses more willing
            while self._paused() and not self._stopped.wait(_LOOK_SECONDS):
                pass
            if self._stopped.is_set():
                break
            self._woken.clear()
            try:
                self._work()
                pause, failures = None, 0
            except Exception as error:  # search goes on without vectors, whatever it was
                asked = getattr(error, "retry_after", 0.0)
                pause = min(_LONGEST_PAUSE, max(asked, self._pause * 2**failures))
                failures = min(failures + 1, 10)
                self._tell(complete=False, error=cause_of(error))
                if isinstance(error, sqlite.Error):
                    self._index.close()
        self._index.close()

    def _work(self) -> None:
        if self._source and self._embedder is None:
            self._embedder = open_embedder(self._source, self._places, self._settings, os.environ)
        connection = self._index.open()
        worktree = _worktree(connection, self._root) if connection is not None else None
        if connection is None or worktree is None:
            self._tell(complete=True)
            return
        if self._embedder is None:
            with transaction(connection):
                vectors.want_none(connection, worktree)
            self._remove_unwanted(connection)
            self._tell(complete=True)
            return
        stored = self._noted(connection, self._embedder, worktree)
        job = _Job(self._embedder, stored, worktree, time.perf_counter())
        while todo := vectors.unembedded(connection, worktree, stored.number, _LIST):
            written = self._embed(connection, job, todo)
            if self._is_broken_off():
                return
            if not written:  # they have all changed since, and are indexed again in a moment
                break
        if vectors.serving_embedder(connection, worktree) != stored:
            with transaction(connection):
                vectors.serve(connection, worktree, stored.number)
        self._count(connection, job)
        self._tell(complete=not self._woken.is_set(), error="", seconds=job.seconds)
        self._remove_unwanted(connection)

    def _is_broken_off(self) -> bool:
        if self._paused():
            self._woken.set()  # it goes on when it is let
            return True
        return self._stopped.is_set()

    def _noted(self, connection: Connection, embedder: Embedder, worktree: int) -> StoredEmbedder:
        stored = vectors.find_embedder(connection, embedder.recipe)
        if stored is None or not vectors.is_wanted(connection, worktree, stored.number):
            # A server may have to be asked for these, which no transaction waits for.
            dimensions = embedder.dimensions if stored is None else stored.dimensions
            with transaction(connection):
                stored = vectors.add_embedder(
                    connection, embedder.recipe, dimensions, without_passwords(self._source)
                )
                vectors.want(connection, worktree, stored.number)
        return stored

    def _remove_unwanted(self, connection: Connection) -> None:
        more = True
        while more and not self._is_broken_off():
            with transaction(connection):
                more = vectors.remove_unwanted(connection)
            if more:
                self._stopped.wait(_ROOM_SECONDS)

    def _embed(self, connection: Connection, job: "_Job", todo: list[Unembedded]) -> int:
        """Embed contents; return how many of their chunks were written."""
        self._count(connection, job)
        self._tell(complete=False, seconds=job.seconds)
        written = 0
        batches = self._batches(connection, todo)
        for batch, embedded in self._embedded(job.embedder, batches, few=len(todo) <= FEW):
            with transaction(connection):
                for content, found in zip(batch, embedded, strict=True):
                    if vectors.write_vectors(connection, job.stored, content.of, found.vectors, found.bits):
                        written += content.of.chunks
            so_far = self._standing.embedded + sum(content.of.chunks for content in batch)
            self._standing = self._standing._replace(embedded=so_far)
            self._tell(complete=False, error="", seconds=job.seconds)
            if self._is_broken_off():
                break
        return written

    def _embedded(
        self, embedder: Embedder, batches: Iterable[list[Content]], *, few: bool
    ) -> Iterator[tuple[list[Content], list[Embedded]]]:
        if self._source == BUNDLED and not few:
            with EmbeddingProcesses() as self._processes:
                yield from self._processes.embed(batches)
            return
        for batch in batches:
            yield batch, embed_contents(embedder, [(one.data, one.places) for one in batch])

    def _batches(self, connection: Connection, todo: list[Unembedded]) -> Iterator[list[Content]]:
        reader = Reader(self._root)
        batch: list[Content] = []
        size = 0
        try:
            for of in todo:
                if self._is_broken_off():
                    return
                content = read_content(connection, reader, of, self._settings.index.max_file_bytes)
                if content is None:
                    continue
                batch.append(content)
                size += len(content.data)
                if size >= _BATCH_BYTES or len(batch) >= _BATCH_CONTENTS:
                    yield batch
                    batch, size = [], 0
            if batch:
                yield batch
        finally:
            reader.close()

    def _count(self, connection: Connection, job: "_Job") -> None:
        count = vectors.count_embedded(connection, job.worktree, job.stored.number)
        self._standing = self._standing._replace(embedder=job.stored.recipe, embedded=count)

    def _tell(self, *, complete: bool, error: str | None = None, seconds: float | None = None) -> None:
        before = self._standing
        self._standing = before._replace(
            complete=complete,
            error=before.error if error is None else error,
            seconds=before.seconds if seconds is None else seconds,
        )
        self._report(self._standing)


def _worktree(connection: Connection, root: Path) -> int | None:
    row = connection.execute("SELECT id FROM worktree WHERE root = ?", (str(root),)).fetchone()
    return row[0] if row else None
