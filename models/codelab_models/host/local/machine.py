"""What this machine has: memory and cores."""

import os
import sys
from contextlib import suppress
from pathlib import Path


def memory_bytes() -> int:
    """Return the memory that the machine, or the container around this process, has in all."""
    if sys.platform == "win32":
        return _windows_memory()
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # no such file, or "max"
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total


def threads() -> int:
    """Return how many threads shall compute: one for each core, but one is left to the editor."""
    return max(1, _cores() - 1)


def _cores() -> int:
    """Return the number of cores that this process may use; two threads of one core count once."""
    if sys.platform != "linux":
        return max(1, (os.cpu_count() or 2) // 2)
    usable = os.sched_getaffinity(0)
    siblings = set()
    for cpu in usable:
        try:
            folder = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
            siblings.add((folder / "thread_siblings_list").read_text().strip())
        except OSError:
            siblings.add(str(cpu))
    return max(1, len(siblings))


def _windows_memory() -> int:
    import ctypes

    class _Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            *((name, ctypes.c_uint64) for name in ("total", "free", "page", "page_free")),
            *((name, ctypes.c_uint64) for name in ("virtual", "virtual_free", "extended")),
        )

    status = _Status(length=ctypes.sizeof(_Status))
    library = getattr(ctypes, "windll").kernel32  # noqa: B009 - is on Windows only
    library.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status.total)
