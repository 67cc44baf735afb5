"""Watch a worktree: what changed, from a thread of its own, and what to do when watching fails."""

import os
import queue
import threading
from contextlib import suppress
from pathlib import Path

from watchfiles import watch

from codelab.core.wording import cause_of
from codelab.index.files.kinds import ALWAYS_LEFT_OUT

DEBOUNCE_MS = 50
STEP_MS = 5  # a change is told after one or two of these; each wakes an idle machine
_WAKE_MS = 200  # how often the thread looks whether it should end; it also bounds how long setting up takes
_FIRST_RETRY_SECONDS = 30.0
_NAME_RETRY_SECONDS = 0.5
_OF_A_NAME = "Unable to decode path"  # what watchfiles says, and ends, where a file's name is no UTF-8
_LONGEST_RETRY_SECONDS = 3600.0  # to begin anew costs a look at every folder
EXCLUDE_FILE = ".git/info/exclude"
EVERYTHING = "."
"""Given in place of paths when so much happened at once that some of it may not have been seen."""

MANY_CHANGES = 500
"""From so many on, looking at everything is cheaper; and a system that drops events delivers more than this,
also of folders that do not matter, before it drops the first."""


class Watcher:
    """Collects the paths that change below a folder, and in the git folder what says what is left out.

    Args:
        root: The folder, resolved.
        common: The git folder that all worktrees of its repository share, if there is one.

    Attributes:
        ready: Set while changes are seen; a sweep that begins after that misses nothing.
        error: Why they are not seen, or an empty string.
    """

    def __init__(self, root: Path, common: Path | None = None) -> None:
        self._root = os.fspath(root)
        # Of a linked worktree, and of a folder within one, it lies elsewhere.
        self._info = common / "info" if common is not None and common.parent != root else None
        self._changes: queue.SimpleQueue[set[str]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self.ready = threading.Event()
        self.error = ""
        self._interrupted = False  # whether something may have changed unseen since it was ready
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(timeout=5)

    def wake(self) -> None:
        """End the wait for changes that is under way, or else the next one, from another thread."""
        self._changes.put(set())

    def next(self, seconds: float) -> set[str]:
        """Wait for changes and return all paths, relative and with forward slashes; empty when time is up.

        ``EVERYTHING`` among them means that all must be looked at.
        """
        paths: set[str] = set()
        with suppress(queue.Empty):
            paths |= self._changes.get(timeout=seconds)
            while True:
                paths |= self._changes.get_nowait()
        return paths

    def _run(self) -> None:
        pause = _FIRST_RETRY_SECONDS
        while not self._stop.is_set():
            try:
                self._watch()
            except (OSError, RuntimeError) as error:  # the system's limit of watches, a folder that went away
                if _OF_A_NAME in str(error):
                    self.ready.clear()
                    self._interrupted = True
                    self._stop.wait(_NAME_RETRY_SECONDS)
                    continue
                self.error = f"Changes are seen late, by looking for them: {_in_words(error)}"
            if self.ready.is_set():
                pause = _FIRST_RETRY_SECONDS
            self.ready.clear()
            self._stop.wait(pause)
            pause = min(2 * pause, _LONGEST_RETRY_SECONDS)

    def _watch(self) -> None:
        elsewhere = [self._info] if self._info is not None and self._info.is_dir() else []
        events = watch(
            self._root,
            *elsewhere,
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
                if self._interrupted:
                    self._interrupted = False
                    self._changes.put({EVERYTHING})
            if len(changes) > MANY_CHANGES:
                self._changes.put({EVERYTHING})
            elif paths := {path for _, full in changes if (path := self._relative(full))}:
                self._changes.put(paths)

    def _relative(self, full: str) -> str:
        """Return a changed path relative to the root, or an empty string if it does not matter."""
        if self._info is not None and Path(full).parent == self._info:
            return EXCLUDE_FILE if full.endswith("exclude") else ""
        path = os.path.relpath(full, self._root).replace(os.sep, "/")
        if path == EXCLUDE_FILE:
            return path
        parts = path.split("/")
        return "" if path in (EVERYTHING, "..") or not ALWAYS_LEFT_OUT.isdisjoint(parts) else path


def _in_words(error: Exception) -> str:
    if "watch limit" in str(error):
        return (
            "the system watches no more folders for this user."
            " A higher fs.inotify.max_user_watches helps, or an entry in .gitignore for large folders"
        )
    return cause_of(error)
