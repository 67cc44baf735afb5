"""Watching the process that started the server.

A killed editor may leave the pipe open in another of its children; its process id tells all the same.
"""

import asyncio
import os
import sys
from collections.abc import Callable

_EVERY = 1.0
"""Seconds between two looks where the system cannot tell by itself."""


async def watch_parent(process_id: int, on_gone: Callable[[], None]) -> None:
    """Wait until a process has ended, then call ``on_gone``.

    A process that does not exist to begin with is taken for one of another container or machine, and is not
    watched: the end of the input still tells.

    Args:
        process_id: The process to watch.
        on_gone: Called once in this event loop.
    """
    if not process_runs(process_id):
        return
    if sys.platform == "linux":
        try:
            descriptor = os.pidfd_open(process_id)
        except OSError:
            pass
        else:
            await _readable(descriptor)
            on_gone()
            return
    while process_runs(process_id):  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(_EVERY)
    on_gone()


def process_runs(process_id: int) -> bool:
    """Tell whether a process exists."""
    if sys.platform == "win32":
        return _process_runs_on_windows(process_id)
    if process_id <= 0:
        return False
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(descriptor, wake)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _process_runs_on_windows(process_id: int) -> bool:
    import ctypes

    still_active, query = 259, 0x1000
    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]  # is on Windows only
    handle = kernel.OpenProcess(query, False, process_id)
    if not handle:
        return False
    code = ctypes.c_ulong()
    known = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return not known or code.value == still_active
