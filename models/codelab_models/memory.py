"""How much memory this machine has."""

import os
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def memory_bytes() -> int:
    """Return the memory that the machine, or the container around this process, has in all.

    It is 0 where the system does not say.
    """
    if sys.platform == "win32":
        return _windows_memory()
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0
    with suppress(OSError, ValueError):  # no such file, or "max"
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total


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
