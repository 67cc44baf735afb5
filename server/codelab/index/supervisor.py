"""See to it that a worker indexes the workspace, from a face's event loop."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.core.errors import CodeLabError
from codelab.core.wording import cause_of
from codelab.index.building.pausing import pause_path, set_paused
from codelab.index.building.progress import lock_path, read_status, status_path
from codelab.index.files.repository import find_repository, index_folder
from codelab.index.reader import IndexReader
from codelab.index.storing import database
from codelab.index.types import IndexStatus

_LOOK_SECONDS = 0.5  # how often a face looks whether the worker of another face is still there
_POLL_SECONDS = 0.03
_FIRST_BACKOFF_SECONDS = 0.5
_LONGEST_BACKOFF_SECONDS = 60.0
_STEADY_SECONDS = 30.0  # a worker that lived this long did not crash at its start
_END_SECONDS = 3.0
_ERROR_BYTES = 4096
_LASTING = ("fresh", "failed", "paused")  # states in which waiting brings nothing


class IndexSupervisor:
    """Keeps a worker running for a workspace as long as this face lives, unless another face's does.

    Args:
        root: The workspace's folder.
        places: Where the index is kept.
        settings: What is indexed.
        command: How a worker is started.

    Raises:
        InputError: The folder is missing, not a folder, or unreadable.
    """

    def __init__(
        self,
        root: Path,
        places: Places,
        settings: Settings,
        *,
        command: Sequence[str] = (sys.executable, "-m", "codelab.index.building.worker"),
    ) -> None:
        self._repository = find_repository(root)
        self._folder = index_folder(places, self._repository)
        self._status_path = status_path(places, self._repository)
        self._lock_path = lock_path(places, self._repository)
        self._pause_path = pause_path(places, self._repository)
        self._reader = IndexReader(self._repository, places)
        folders = {"config": str(places.config), "data": str(places.data), "cache": str(places.cache)}
        self._command = (
            *command,
            "--root",
            str(self._repository.root),
            "--places",
            json.dumps(folders),
            "--settings",
            json.dumps(settings.model_dump(mode="json", include={"index", "models"})),
        )
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._elected = False  # whether a worker, ours or another's, is known to hold the lock
        self._error = ""  # why the last worker of ours ended

    @property
    def worker_pid(self) -> int | None:
        """The process id of this face's own worker, for ``doctor``; None if it has none."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Begin; from within a running event loop. Once started, it does nothing."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_running(), name="index supervisor")

    async def stop(self) -> None:
        """End this face's worker and stop looking after it."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._elected = False
        await asyncio.to_thread(self._reader.close)

    def set_paused(self, *, paused: bool) -> None:
        """Pause the indexing of this workspace, for all its faces, or let it go on; search works on.

        Raises:
            StateError: The folder of the index cannot be written.
        """
        set_paused(self._pause_path, paused=paused)

    def is_worker_alive(self) -> bool:
        """Tell whether a worker, of this face or another, holds the workspace's lock.

        Raises:
            StateError: The folder of the index cannot be used.
        """
        return not self._is_lock_free()

    def status(self) -> IndexStatus:
        """Return how the index stands, with what was left out.

        Raises:
            StateError: The folder of the index cannot be used.
        """
        status = self._as_known(self._reader.status())
        at_work = self._task is not None or status.state != "building" or self.is_worker_alive()
        return status if at_work else _left(status)

    async def progress(self, *, vectors: bool = False) -> AsyncIterator[IndexStatus]:
        """Yield the status now and whenever it changes; the last one is one that lasts.

        Args:
            vectors: Go on until all vectors are there as well, or cannot be made.
        """
        self.start()
        last: IndexStatus | None = None
        while True:
            status = self._as_known(read_status(self._status_path))
            if status.state in _LASTING and not (vectors and _makes_vectors(status)):
                yield await asyncio.to_thread(self.status)
                return
            if status != last:
                last = status
                yield status
            await asyncio.sleep(_POLL_SECONDS)

    async def wait_fresh(self, timeout: float) -> IndexStatus:  # noqa: ASYNC109 - it returns, and does not raise
        """Wait until the index is up to date, or is not being brought there.

        Args:
            timeout: Longest time to wait, in seconds.

        Returns:
            How it stands then; ``building`` when time was up.
        """
        self.start()
        until = time.monotonic() + timeout
        while True:
            status = self._as_known(read_status(self._status_path))
            if status.state in _LASTING or time.monotonic() >= until:
                return status
            await asyncio.sleep(_POLL_SECONDS)

    def _as_known(self, status: IndexStatus) -> IndexStatus:
        """Correct a stored status by what is known of the worker: without one it tells of the past."""
        if self._pause_path.exists():
            return replace(status, state="paused")
        if self._task is None or self._elected:
            return status
        if self._error:
            return replace(status, state="failed", last_error=self._error)
        return replace(status, state="building")

    async def _keep_running(self) -> None:
        backoff = _FIRST_BACKOFF_SECONDS
        while True:
            try:
                free = self._is_lock_free()
            except CodeLabError as error:
                free, self._error, self._elected = False, str(error), False
            else:
                self._elected = not free
            if not free:
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            began = time.monotonic()
            crashed = await self._run_worker()
            self._elected = False
            if time.monotonic() - began > _STEADY_SECONDS:
                backoff = _FIRST_BACKOFF_SECONDS
            if crashed:
                await asyncio.sleep(backoff)
                backoff = min(2 * backoff, _LONGEST_BACKOFF_SECONDS)

    def _is_lock_free(self) -> bool:
        lock = FileLock(self._lock_path)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with lock.acquire(blocking=False):
                return True
        except Timeout:
            return False
        except OSError as error:
            raise database.cannot_write(self._folder, error) from error

    async def _run_worker(self) -> bool:
        """Run one worker to its end; tell whether it failed."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # an interrupt from the terminal is for the face
            )
        except OSError as error:
            self._error = f"The index worker cannot be started: {cause_of(error)}."
            return True
        self._process = process
        try:
            said, tail = await asyncio.gather(self._listen(process), _tail(process))
            code = await process.wait()
        finally:
            self._process = None
            await asyncio.shield(_end(process))
        if code and not said:
            last = tail.strip().splitlines()[-1:] or [f"code {code}"]
            said = f"The index worker ended unexpectedly ({last[0]})."
        self._error = said
        return bool(said)

    async def _listen(self, process: asyncio.subprocess.Process) -> str:
        error = ""
        stdout = process.stdout
        while stdout is not None and (line := await stdout.readline()):
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if said.get("elected"):
                    self._elected, self._error = True, ""
                error = said.get("error", error)
        return error


def _left(status: IndexStatus) -> IndexStatus:
    """Correct the status that a worker left: the index was complete then, or is not."""
    if status.updated_at and status.files >= status.total:
        return replace(status, state="fresh")
    return replace(status, state="unfinished" if status.files else "missing")


def _makes_vectors(status: IndexStatus) -> bool:
    return status.state == "fresh" and status.embedding_pending


async def _tail(process: asyncio.subprocess.Process) -> str:
    kept = b""
    stderr = process.stderr
    while stderr is not None and (piece := await stderr.read(_ERROR_BYTES)):
        kept = (kept + piece)[-_ERROR_BYTES:]
    return kept.decode("utf-8", "replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let a process end by closing its input; kill it if it does not."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _END_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
