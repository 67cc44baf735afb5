"""Work that a cancel must not leave half done."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

_T = TypeVar("_T")


async def finish_first(work: Coroutine[object, object, _T]) -> _T:
    """Wait for the end of some work however often the waiting task is cancelled; then let the cancel through.

    Args:
        work: Runs in a task of its own, which nobody else can cancel.

    Returns:
        What the work returned.

    Raises:
        asyncio.CancelledError: The waiting task was cancelled meanwhile; the work is at its end all the same.
    """
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
        except BaseException:
            break
    if cancelled is not None:
        task.exception()
        raise cancelled
    return task.result()
