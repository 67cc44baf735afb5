"""The index worker: one process per worktree, elected by a lock, that indexes it and then watches it.

``python -m codelab.index.building.worker --root R`` writes lines of JSON on standard output:
``{"elected": true}`` once it holds the lock, ``{"error": "..."}`` before it ends for a reason. It ends at
once where another worker holds the lock, and when its standard input ends, so that it never outlives the face
that started it.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from codelab.config.places import Places, find_places
from codelab.config.settings import Settings
from codelab.core.errors import Cancelled, CodeLabError
from codelab.core.redaction import learn
from codelab.core.secret_sources import values_of_environment
from codelab.index.building.build import WorktreeIndexer
from codelab.index.building.pausing import PauseSwitch, pause_path
from codelab.index.building.pool import ParserPool
from codelab.index.building.progress import lock_path, read_status, status_path, write_status
from codelab.index.embedding.background import BackgroundEmbedding, Embedding
from codelab.index.files.repository import find_repository, index_folder
from codelab.index.files.walk import IGNORE_FILE
from codelab.index.files.watch import EVERYTHING, EXCLUDE_FILE, MANY_CHANGES, Watcher
from codelab.index.storing import database
from codelab.index.types import IndexStatus

SWEEP_SECONDS = 24 * 3600.0
"""How often everything is compared with the files, whatever the watcher saw."""

_LOCK_SECONDS = 0.2  # a face that looks whether the lock is free holds it for a moment
_LOOK_SECONDS = 1.0  # how often the index itself is looked after
_UNWATCHED_SWEEP_SECONDS = 5.0
_UNWATCHED_REST = 20.0  # a sweep that takes long is followed by so many times its length without one
_RETRY_SECONDS = 5.0
_STATUS_SECONDS = 0.05
_GRACE_SECONDS = 2.0
_NEVER = float("-inf")  # the time of the last sweep where one is due at once


def main() -> int:
    """Run the worker; return its exit code."""
    parser = argparse.ArgumentParser(prog="codelab.index.building.worker")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--places", default="", help="JSON: the folders config, data and cache")
    parser.add_argument("--settings", default="{}", help="JSON, as in config.toml")
    parser.add_argument("--sweep-seconds", type=float, default=SWEEP_SECONDS)
    options = parser.parse_args()
    places = find_places()
    if options.places:
        places = Places(**{name: Path(folder) for name, folder in json.loads(options.places).items()})
    _step_back()
    learn(values_of_environment(os.environ))  # what embedders elsewhere are not sent
    try:
        settings = Settings.model_validate_json(options.settings)
        return run(options.root, places, settings, sweep_seconds=options.sweep_seconds)
    except CodeLabError as error:
        _say({"error": str(error)})
        return error.exit_code


def _step_back() -> None:
    """Let everything else go first: for the processor, and for the disk where there is a way to say so."""
    if hasattr(os, "nice"):
        os.nice(10)
    if ionice := shutil.which("ionice"):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                [ionice, "-c", "2", "-n", "7", "-p", str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=5,
                check=False,
            )


def run(root: Path, places: Places, settings: Settings, *, sweep_seconds: float = SWEEP_SECONDS) -> int:
    """Take the lock, index, watch; return when the standard input ends or another worker holds the lock.

    Args:
        root: The workspace's folder.
        places: Where the index is kept.
        settings: What is indexed.
        sweep_seconds: How often everything is compared, also where nothing was seen to change.

    Raises:
        InputError: The folder cannot be indexed.
        StateError: The index cannot be kept.
    """
    repository = find_repository(root)
    folder = index_folder(places, repository)
    lock = FileLock(lock_path(places, repository))
    try:
        database.make_private(folder)
        lock.acquire(timeout=_LOCK_SECONDS, poll_interval=0.02)
    except Timeout:
        return 0
    except OSError as error:
        raise database.cannot_write(folder, error) from error
    with lock:
        report = _Report(status_path(places, repository))
        report(replace(read_status(report.path), state="building", last_error=""))
        mark = pause_path(places, repository)
        embedding = BackgroundEmbedding(
            repository.root, folder, places, settings, report.embedding, paused=mark.exists
        )
        report.when_fresh = embedding.wake if embedding.is_wanted else None
        _say({"elected": True})
        stop, pool, pause = threading.Event(), ParserPool(), PauseSwitch(mark)
        watcher = Watcher(repository.root, repository.common)
        threading.Thread(target=_end_with_input, args=(stop, watcher, pool, embedding), daemon=True).start()
        with contextlib.suppress(Cancelled):
            try:
                with WorktreeIndexer(
                    root,
                    places,
                    settings,
                    progress=report,
                    cancelled=lambda: stop.is_set() or pause.is_on(),
                    pool=pool,
                ) as indexer:
                    embedding.start()
                    _work(indexer, watcher, report, stop=stop, pause=pause, sweep_seconds=sweep_seconds)
            except CodeLabError as error:
                report.fail(error)
                raise
            finally:
                embedding.stop()
                pool.close()
    return 0


def _work(
    indexer: WorktreeIndexer,
    watcher: Watcher,
    report: "_Report",
    *,
    stop: threading.Event,
    pause: PauseSwitch,
    sweep_seconds: float,
) -> None:
    watcher.start()
    try:
        swept_at = _sweep(indexer, report, announce=True)
        watched = False  # whether a sweep has begun since the watcher sees all changes
        while not stop.is_set():
            attentive = watched and swept_at > _NEVER
            changed = watcher.next(min(_LOOK_SECONDS, sweep_seconds) if attentive else _STATUS_SECONDS)
            if pause.is_on():  # what changes meanwhile is found by the sweep that follows
                swept_at = _NEVER
                report.wait()
                continue
            report.note(watcher.error)
            rest = sweep_seconds
            if not watcher.ready.is_set():
                watched, rest = False, max(_UNWATCHED_SWEEP_SECONDS, _UNWATCHED_REST * report.seconds)
            elif not watched:
                watched, rest = True, 0.0
            rest = min(rest, _RETRY_SECONDS) if report.failed else rest
            overdue = time.monotonic() - swept_at >= rest
            if overdue and watched and rest == sweep_seconds:
                indexer.verify()
            if EXCLUDE_FILE in changed or EVERYTHING in changed:
                indexer.forget_rules()
            if overdue or indexer.is_lost() or _needs_sweep(changed):
                swept_at = _sweep(indexer, report, announce=swept_at == _NEVER)
            elif changed and not _guard(partial(indexer.update, changed), report):
                swept_at = _NEVER
    finally:
        watcher.stop()


def _needs_sweep(changed: set[str]) -> bool:
    return len(changed) > MANY_CHANGES or any(
        path in (EXCLUDE_FILE, EVERYTHING) or path.rpartition("/")[2] == IGNORE_FILE for path in changed
    )


def _sweep(indexer: WorktreeIndexer, report: "_Report", *, announce: bool) -> float:
    """Sweep; return when it began, or that one is due again if a pause broke it off."""
    began = time.monotonic()
    if not _guard(partial(indexer.sweep, announce=announce), report):
        return _NEVER
    indexer.clean()
    report.seconds = time.monotonic() - began
    return began


def _guard(work: Callable[[], IndexStatus], report: "_Report") -> bool:
    """Do some work; tell whether it came to an end, good or bad, and was not broken off by a pause."""
    try:
        work()
    except Cancelled:  # by a pause, or by the end of the worker, which the loop sees
        return False
    except CodeLabError as error:  # told, and tried again at the next sweep
        report.fail(error)
    return True


class _Report:
    """Writes the status where every face sees it, not more often than a person can follow."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failed = False
        self.seconds = 0.0  # how long the last sweep took
        self._note = ""
        self._status = replace(read_status(path), state="building")
        self._written = 0.0
        # Until it is known how the vectors stand, what was last known of them is told.
        self._embedding = Embedding(self._status.embedder, self._status.embedded)
        self._lock = threading.Lock()  # the thread that embeds reports as well
        self.when_fresh: Callable[[], None] | None = None  # None where nothing is to be embedded

    def __call__(self, status: IndexStatus) -> None:
        self._status = replace(status, last_error=self._note)
        self.failed = False
        if status.state == "fresh" and self.when_fresh is not None:
            self._embedding = self._embedding._replace(complete=False)
            self.when_fresh()
        if status.state != "building" or time.monotonic() - self._written > _STATUS_SECONDS:
            self._write()

    def embedding(self, embedding: Embedding) -> None:
        """Take in how the vectors stand."""
        self._embedding = embedding
        if embedding.complete or embedding.error or time.monotonic() - self._written > _STATUS_SECONDS:
            self._write()

    def note(self, text: str) -> None:
        if text != self._note:
            self._note = text
            self(self._status)

    def wait(self) -> None:
        """Note that there may be work to do, which is not being done; the faces see the pause themselves."""
        if self._status.state != "building":
            self._status = replace(self._status, state="building")
            self._write()

    def fail(self, error: CodeLabError) -> None:
        self.failed = True
        self._status = replace(self._status, state="failed", last_error=str(error))
        self._write()

    def _write(self) -> None:
        with self._lock:  # from reading to writing: else the older of two would be the last to be written
            self._written = time.monotonic()
            made = self._embedding
            status = replace(
                self._status,
                embedder=made.embedder,
                embedded=made.embedded,
                embedding_error=made.error,
                embedding_pending=self.when_fresh is not None and not made.complete and not made.error,
                total_seconds=round(self._status.searchable_seconds + made.seconds, 4),
            )
            with contextlib.suppress(OSError):  # a full disk: the next status tells
                write_status(self.path, status)


def _end_with_input(
    stop: threading.Event, watcher: Watcher, pool: ParserPool, embedding: BackgroundEmbedding
) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    stop.set()
    watcher.wake()
    pool.kill()
    embedding.kill()
    time.sleep(_GRACE_SECONDS)
    os._exit(0)  # whatever still runs, nothing waits for it


def _say(line: dict[str, object]) -> None:
    with contextlib.suppress(OSError):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
