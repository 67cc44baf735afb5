"""Watch a worktree: what changed, from a thread of its own, and what to do when watching fails."""

import os
import queue
import threading
from contextlib import suppress
from pathlib import Path

from watchfiles import watch

from codelab.index.kinds import ALWAYS_LEFT_OUT

DEBOUNCE_MS = 50
STEP_MS = 10
_WAKE_MS = 200  # how often the thread looks whether it should end; it also bounds how long setting up takes
_RETRY_SECONDS = 30.0
EXCLUDE_FILE = ".git/info/exclude"


class Watcher:
    """Collects the paths that change below a folder.

    Attributes:
        ready: Set while changes are seen; a sweep that begins after that misses nothing.
        error: Why they are not seen, or an empty string.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)
        self._changes: queue.SimpleQueue[set[str]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self.ready = threading.Event()
        self.error = ""
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(timeout=5)

    def next(self, seconds: float) -> set[str]:
        """Wait for changes and return all paths, relative and with forward slashes; empty when time is up."""
        paths: set[str] = set()
        with suppress(queue.Empty):
            paths |= self._changes.get(timeout=seconds)
            while True:
                paths |= self._changes.get_nowait()
        return paths

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._watch()
            except (OSError, RuntimeError) as error:  # the system's limit of watches, a folder that went away
                self.error = f"changes are seen late, by looking for them: {error}"
            self.ready.clear()
            self._stop.wait(_RETRY_SECONDS)

    def _watch(self) -> None:
        events = watch(
            self._root,
            watch_filter=None,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            rust_timeout=_WAKE_MS,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
        )
        for changes in events:
            if not self.ready.is_set():
                self.error = ""
                self.ready.set()
            paths = {path for _, full in changes if (path := self._relative(full))}
            if paths:
                self._changes.put(paths)

    def _relative(self, full: str) -> str:
        """Return a changed path relative to the root, or an empty string if it does not matter."""
        path = os.path.relpath(full, self._root).replace(os.sep, "/")
        if path == EXCLUDE_FILE:
            return path
        parts = path.split("/")
        return "" if path in (".", "..") or not ALWAYS_LEFT_OUT.isdisjoint(parts) else path
