"""A model host of a test's own, and its end."""

import asyncio
import contextlib
import os
import select
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab_models.start import ask_health, ensure_host


@contextlib.contextmanager
def own_places() -> Iterator[Places]:
    """Give a short-named home, and end the host that was started in it."""
    home = Path(tempfile.mkdtemp(prefix="codelab-"))
    places = Places(home / "config", home / "data", home / "cache")
    try:
        yield places
    finally:
        for pid in started_hosts(places):
            end_process(pid)
        shutil.rmtree(home, ignore_errors=True)


def started_hosts(places: Places) -> list[int]:
    """Return the process ids of the hosts that were started in these places, from their log."""
    log = places.cache / "model-host" / "host.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [int(line.split("process ")[1].split(",")[0]) for line in lines if "started, process " in line]


def end_process(pid: int, number: int = signal.SIGTERM) -> None:
    """Send a signal and wait for the end of a process."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        wait_for_end(pid)


def wait_for_end(pid: int, seconds: float = 30.0) -> None:
    """Block until a process has ended."""
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            if not select.select([handle], [], [], seconds)[0]:
                raise AssertionError(f"process {pid} is still there")
        finally:
            os.close(handle)


def pid_of_host(places: Places, settings: Settings) -> int:
    """Return the process id of the host, started if there is none."""

    async def ask() -> int:
        return (await ask_health(await ensure_host(places, settings))).pid

    return asyncio.run(ask())
