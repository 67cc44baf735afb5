"""How many cores this machine has, and how many of them shall compute."""

import os
import sys
from pathlib import Path


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
