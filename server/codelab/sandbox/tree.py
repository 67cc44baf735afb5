"""What a process and all that descend from it use, as /proc tells."""

import os
from dataclasses import dataclass
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True, slots=True)
class TreeUse:
    """Memory in bytes, and the number of processes, of a tree of them."""

    memory: int = 0
    processes: int = 0


def tree_use(first: int, *, over: int) -> TreeUse:
    """Return what a process and its descendants use; nothing where there is no /proc.

    Args:
        first: The first process. In a process namespace every other one descends from it, also one that has
            left its parent.
        over: Memory is summed roughly, counting what processes share several times; only where that gives
            more than this many bytes is it counted exactly, which takes longer.
    """
    members = _tree(first)
    memory = sum(_resident(pid) for pid in members)
    if memory > over:
        memory = sum(_proportional(pid) for pid in members)
    return TreeUse(memory, len(members))


def _tree(first: int) -> list[int]:
    members: list[int] = []
    seen: set[int] = set()
    waiting = [first]
    while waiting:
        pid = waiting.pop()
        if pid in seen:
            continue
        seen.add(pid)
        members.append(pid)
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                children = Path(f"/proc/{pid}/task/{thread}/children").read_bytes()
                waiting += [int(child) for child in children.split()]
        except OSError:  # it ended meanwhile
            continue
    return members


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    """Return a process's memory with what it shares counted in proportion."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return _resident(pid)
