"""Processes that a test started and that outlived it, found by a mark in their environment.

The mark is inherited by children and their children, also by those that detach from their parent. It is
read from /proc; where there is none (macOS, Windows) nothing is found.
"""

import contextlib
import os
import select
import signal
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

MARK = "CODELAB_TEST_MARK"
PATIENCE_SECONDS = 10.0  # for processes that were told to end and are about to
# Python's own helper lives as long as the process that first needed it, which is the test runner.
_HELPERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


@dataclass(frozen=True, slots=True)
class Leftover:
    """A process that is still there."""

    pid: int
    command: str


def marked_processes(mark: str) -> list[Leftover]:
    """Return the processes, other than this one, that carry a mark in their environment."""
    needle = f"{MARK}={mark}".encode()
    found: list[Leftover] = []
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue
        try:
            if needle not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:  # it ended meanwhile, or belongs to somebody else
            continue
        if not any(helper in command for helper in _HELPERS):
            found.append(Leftover(int(folder.name), command))
    return found


def wait_for_end(processes: list[Leftover], seconds: float) -> None:
    """Return when all have ended, at the latest after the time given."""
    deadline = time.monotonic() + seconds
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(process.pid)
            try:
                select.select([handle], [], [], max(0.0, deadline - time.monotonic()))
            finally:
                os.close(handle)


def leave_nothing_behind(seconds: float = PATIENCE_SECONDS) -> Iterator[str]:
    """Mark the environment, yield the mark, and fail if marked processes outlive the test by that long."""
    mark, before = uuid.uuid4().hex, os.environ.get(MARK)
    os.environ[MARK] = mark
    try:
        yield mark
    finally:
        if before is None:
            os.environ.pop(MARK, None)
        else:
            os.environ[MARK] = before
    if started := marked_processes(mark):
        wait_for_end(started, seconds)
    if leftovers := marked_processes(mark):
        for process in leftovers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        pytest.fail("processes were left behind:\n" + "\n".join(f"{p.pid} {p.command}" for p in leftovers))


@pytest.fixture(autouse=True)
def no_process_left_behind() -> Iterator[None]:
    """Fail a test whose processes outlive it."""
    for _ in leave_nothing_behind():
        yield
