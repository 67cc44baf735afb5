"""Bring the index of one worktree up to date with its files."""

import gc
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.core.errors import Cancelled
from codelab.index.building.batch import Batch, Entry
from codelab.index.building.pool import BATCH_FILES, ParserPool
from codelab.index.files.content import Reader
from codelab.index.files.repository import check_root, find_repository, index_folder
from codelab.index.files.walk import Stamp, Walked, Walker
from codelab.index.storing import database, writer
from codelab.index.storing.writer import Known
from codelab.index.types import IndexStatus, Skipped
from codelab.store import sqlite

Progress = Callable[[IndexStatus], None]
_NO_STAMP = Stamp(-1, 0, 0, 0)
_MANY = 1000  # files after which the parsing processes have grown
_LARGE = 200_000  # bytes
_FEW = 8  # a change of so few files is most likely a save
_KEPT_SAVES = 500  # old contents of saves that are kept, since it may also have been a checkout of a branch


def index_worktree(
    root: Path,
    places: Places,
    settings: Settings,
    *,
    progress: Progress = lambda status: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> IndexStatus:
    """Bring the index of a worktree up to date, once.

    Args:
        root: The workspace's folder.
        places: Where the index is kept.
        settings: What is indexed.
        progress: Called now and then, and at the end, with how it stands.
        cancelled: Asked now and then; what was indexed until then stays.

    Returns:
        How the index stands at the end.

    Raises:
        InputError: The folder is missing, not a folder, or unreadable.
        StateError: The index cannot be written.
        Cancelled: ``cancelled`` said so.
    """
    with WorktreeIndexer(root, places, settings, progress=progress, cancelled=cancelled) as indexer:
        return indexer.sweep()


@contextmanager
def _without_collector() -> Iterator[None]:
    """Leave the collector off: rows refer to nothing, and it would look at each of thousands of them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Replaced(Exception):
    """Another process made the index afresh, or it was deleted."""


class WorktreeIndexer:
    """Keeps one worktree's part of the index up to date. Not for several threads at once.

    Args:
        root: The workspace's folder.
        places: Where the index is kept.
        settings: What is indexed.
        progress: Called with every new status.
        cancelled: Asked often while there is work.
        pool: Parses, and stays open; one of its own if None.

    Raises:
        InputError: The folder is missing, not a folder, or unreadable.
        StateError: The index cannot be written.
    """

    def __init__(
        self,
        root: Path,
        places: Places,
        settings: Settings,
        *,
        progress: Progress = lambda status: None,
        cancelled: Callable[[], bool] = lambda: False,
        pool: ParserPool | None = None,
    ) -> None:
        repository = find_repository(root)
        self.repository = repository
        self.folder = index_folder(places, repository)
        self._max_file_bytes = settings.index.max_file_bytes
        self._walker = Walker(repository, self._max_file_bytes, settings.index.exclude)
        self._reader = Reader(repository.root)
        self._pool = pool or ParserPool()
        self._owns_pool = pool is None
        self._progress, self._cancelled = progress, cancelled
        self._seconds = 0.0
        self._remaining = 0
        self._announce = True  # whether work in progress is worth a status; saves are not
        try:
            if database.identity(self.folder) is None:
                for _ in range(2):  # there is work for them, and they start while the index is made
                    self._pool.start()
            self._open()
        except BaseException:
            if self._owns_pool:
                self._pool.close()
            raise

    def _open(self) -> None:
        """Open the index; make it afresh where what it says shows only now that it is damaged."""
        try:
            self._load()
        except sqlite.Error as error:
            if not database.is_damage(error):
                raise database.cannot_write(self.folder, error) from error
        except (LookupError, TypeError, ValueError):
            pass  # rows that contradict each other, values that are none
        else:
            return
        database.remove(self.folder)
        try:
            self._load()
        except sqlite.Error as error:
            raise database.cannot_write(self.folder, error) from error

    def _load(self) -> None:
        self._connection = database.open_for_writing(self.folder)
        try:
            self._identity = database.identity(self.folder)
            with writer.transaction(self._connection):
                self._worktree = writer.worktree_id(self._connection, str(self.repository.root))
            self._known = writer.load_known(self._connection, self._worktree)
            self._counts = writer.load_counts(self._connection, self._worktree)
            self._updated_at = writer.swept_at(self._connection, self._worktree)
            blobs = [self._counts[known.blob] for known in self._known.values() if known.blob is not None]
            self._languages = Counter(counts.language for counts in blobs)
            self._chunks = sum(counts.chunks for counts in blobs)
            self._symbols = sum(counts.symbols for counts in blobs)
        except BaseException:
            self._connection.close()
            raise
        self._left_out = {path: known.reason for path, known in self._known.items() if known.blob is None}
        self._saved_over: deque[int] = deque()

    def __enter__(self) -> "WorktreeIndexer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the parsing processes and close the index."""
        if self._owns_pool:
            self._pool.close()
        self._reader.close()
        self._connection.close()

    def is_lost(self) -> bool:
        """Tell whether the index was deleted, made afresh, or marked as damaged behind this one's back."""
        return database.identity(self.folder) != self._identity or database.damage_mark(self.folder).exists()

    def forget_rules(self) -> None:
        """Read all ignore rules again at the next sweep."""
        self._walker.forget()

    def sweep(self, *, announce: bool = True) -> IndexStatus:
        """Compare every file with the index, and bring in what changed.

        Args:
            announce: Say ``building`` at once, and not only when there turns out to be much to do.

        Raises:
            InputError: The folder is not there any more.
            StateError: The index cannot be written.
            Cancelled: As asked; what was indexed until then stays.
        """
        self._announce = announce
        return self._safely(self._sweep)

    def update(self, paths: Collection[str]) -> IndexStatus:
        """Bring in changes at some paths: files or folders, there or gone; relative to the workspace.

        Raises:
            StateError: The index cannot be written.
            Cancelled: As asked.
        """
        self._announce = False
        return self._safely(lambda: self._update(paths))

    def verify(self) -> None:
        """Look whether the index is sound and forget the ignore rules; the next sweep mends what is not."""
        self._walker.forget()
        try:
            sound = database.is_sound(self._connection)
        except sqlite.Error as error:
            sound = not database.is_damage(error)
        if not sound:
            with suppress(OSError):
                database.damage_mark(self.folder).touch()

    def clean(self) -> None:
        """Drop contents and paths that have long been out of use, and tidy what many commits have left."""
        with suppress(sqlite.Error):
            with writer.transaction(self._connection):
                writer.drop_gone_worktrees(self._connection)
                writer.drop_old_blobs(self._connection)
                writer.drop_unused_paths(self._connection)
            more = True
            while more and not self._cancelled():
                with writer.transaction(self._connection):
                    more = writer.merge_words(self._connection)

    def status(self, state: str = "fresh", *, remaining: int = 0) -> IndexStatus:
        """Return how the index stands; what was left out is listed once it is fresh."""
        files = self._languages.total()
        left_out = self._left_out.items() if state == "fresh" else ()
        return IndexStatus(
            state,
            files=files,
            total=files + remaining,
            chunks=self._chunks,
            symbols=self._symbols,
            languages={name or "text": count for name, count in sorted(self._languages.items()) if count},
            updated_at=self._updated_at,
            skipped=tuple(Skipped(path, reason) for path, reason in left_out),
            searchable_seconds=round(self._seconds, 4),
            total_seconds=round(self._seconds, 4),
        )

    def _safely(self, work: Callable[[], IndexStatus]) -> IndexStatus:
        try:
            with _without_collector():
                return work()
        except sqlite.Error as error:
            if not database.is_damage(error):
                raise database.cannot_write(self.folder, error) from error
            self._connection.close()
            database.remove(self.folder)
        except OSError as error:
            raise database.cannot_write(self.folder, error) from error
        except _Replaced:
            self._connection.close()
        finally:
            self._pool.drop()
        self._open()
        try:
            return self._sweep()
        except (sqlite.Error, OSError, _Replaced) as error:
            raise database.cannot_write(self.folder, error) from error
        finally:
            self._pool.drop()

    def _sweep(self) -> IndexStatus:
        started = time.perf_counter()
        check_root(self.repository.root)
        if self._announce:
            self._progress(self.status("building"))
        walked = self._walker.walk(self._cancelled)
        self._check()
        if len(walked.files) > len(self._known) + BATCH_FILES:
            self._pool.start()  # one more: there is enough for both
        gone = [path for path in self._known if path not in walked.files and path not in walked.refused]
        self._bring_in(walked, gone)
        with writer.transaction(self._connection):
            self._connection.execute(
                "UPDATE worktree SET swept_at = ? WHERE id = ?", (time.time(), self._worktree)
            )
        self._seconds = time.perf_counter() - started
        return self._finish()

    def _update(self, paths: Collection[str]) -> IndexStatus:
        walked = self._walker.walk(self._cancelled, paths)
        self._check()
        missing = [path for path in paths if path not in walked.files and path not in walked.refused]
        gone = [path for path in missing if path in self._known]
        if len(gone) < len(missing):
            below = tuple(f"{path}/" for path in missing)
            gone += [
                path
                for path in self._known
                if path.startswith(below) and path not in walked.files and path not in walked.refused
            ]
        self._bring_in(walked, gone)
        return self._finish()

    def _finish(self) -> IndexStatus:
        status = self.status()
        self._progress(status)
        return status

    def _stop_if_cancelled(self) -> None:
        if self._cancelled():
            raise Cancelled("Indexing was stopped", fix="It goes on where it was at the next start")

    def _bring_in(self, walked: Walked, gone: Collection[str]) -> None:
        known = self._known
        changed = [p for p, stamp in walked.files.items() if p not in known or known[p].stamp != stamp]
        refused = {p: why for p, why in walked.refused.items() if p not in known or known[p].reason != why}
        if not (changed or gone or refused):
            return
        sizes = (
            walked.files
        )  # large ones first: else one process may still be at one when all others are done
        changed.sort(key=lambda path: (sizes[path].size < _LARGE, path))  # then as the reader likes it
        walked.files.clear()  # a file gets another stamp when it is read; of very many both are too much
        replaced = {known[path].blob for path in (*changed, *gone) if path in known}
        self._remaining = len(changed)
        batch = Batch(
            self._connection,
            self._worktree,
            self._reader,
            self._pool,
            max_bytes=self._max_file_bytes,
            committed=self._committed,
            check=self._check,
        )
        batch.remove(gone)
        for path, reason in refused.items():
            batch.refuse(path, Known(_NO_STAMP, None, reason))
        for path in changed:
            self._stop_if_cancelled()
            batch.add(path)
        batch.finish()
        self._reader.close()
        if len(changed) > _MANY:
            self._pool.renew()
        self._updated_at = time.time()
        if len(replaced) <= _FEW:
            self._saved_over.extend(blob for blob in replaced if blob is not None)
            self._drop_saved_over()

    def _drop_saved_over(self) -> None:
        surplus = [self._saved_over.popleft() for _ in range(len(self._saved_over) - _KEPT_SAVES)]
        if surplus:
            with writer.transaction(self._connection):
                writer.drop_unused_blobs(self._connection, surplus)

    def _committed(self, gone: Collection[str], entries: Sequence[Entry]) -> None:
        for path in gone:
            self._forget(path)
        for path, known, counts in entries:
            self._forget(path)
            self._known[path] = known
            if known.blob is None:
                self._left_out[path] = known.reason
            elif counts is not None:
                self._counts[known.blob] = counts
                self._languages[counts.language] += 1
                self._chunks += counts.chunks
                self._symbols += counts.symbols
        self._remaining = max(0, self._remaining - len(entries))
        if self._announce or self._remaining > _FEW:
            self._announce = True
            self._progress(self.status("building", remaining=self._remaining))

    def _forget(self, path: str) -> None:
        before = self._known.pop(path, None)
        self._left_out.pop(path, None)
        if before is not None and before.blob is not None:
            counts = self._counts[before.blob]
            self._languages[counts.language] -= 1
            self._chunks -= counts.chunks
            self._symbols -= counts.symbols

    def _check(self) -> None:
        self._stop_if_cancelled()  # what was ended while it was parsed is not to be noted as failed
        if self.is_lost():
            raise _Replaced
