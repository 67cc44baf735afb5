"""Bringing the index up to date in front of a person: ``Indexing 1,204 files ... done in 1.1 s``."""

import time
from typing import TYPE_CHECKING

from codelab.cli.terminal import Terminal
from codelab.core.errors import StateError
from codelab.core.wording import counted

if TYPE_CHECKING:
    from codelab.index.types import IndexStatus
    from codelab.workbench.workbench import Workbench


async def bring_index_up_to_date(
    bench: "Workbench", terminal: Terminal, *, vectors: bool = True
) -> "IndexStatus":
    """Wait until the index is fresh or paused, with one line of progress where that takes work.

    Args:
        bench: The workspace's.
        terminal: Where the line is shown.
        vectors: Wait for them as well.

    Returns:
        How the index stands then.

    Raises:
        StateError: The index could not be built.
    """
    started = time.monotonic()
    worked = False
    status: IndexStatus | None = None
    async for status in bench.index_progress(vectors=vectors):
        if status.state == "building":
            worked = worked or status.total > status.files  # else it only looks whether anything changed
            terminal.progress(_line(status))
        elif status.state == "fresh" and 0 < status.embedded < status.chunks:
            worked = True
            terminal.progress(f"Making vectors ... {100 * status.embedded // status.chunks}%")
    if status is None:
        status = await bench.index_status()
    if status.state == "paused":
        terminal.clear_progress()
        terminal.note("Indexing is paused; `codelab index resume` lets it go on.")
        return status
    if status.state == "failed":
        raise StateError(
            "The index could not be built", why=status.last_error, fix="See `codelab doctor`, then try again"
        )
    if worked:
        seconds = time.monotonic() - started
        terminal.progress(f"Indexing {counted(status.files, 'file')} ... done in {seconds:.1f} s", done=True)
    terminal.clear_progress()
    return status


def _line(status: "IndexStatus") -> str:
    if status.total > status.files:
        return f"Indexing {counted(status.total, 'file')} ... {100 * status.files // status.total}%"
    return "Looking at the files ..."
