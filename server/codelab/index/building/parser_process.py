"""The parsing process: texts in on standard input, their rows out on standard output.

In frames (``codelab.index.frames``): in, a list of (path, text); out, a list of rows, or of strings that say
why a file could not be parsed. It ends with its input, and in good order after an answer for which it grew
large: memory that a tree took is not given back otherwise.
"""

import faulthandler
import gc
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import NamedTuple, cast

from codelab.index.frames import read_frame, write_frame
from codelab.index.parsing.analyse import analyse

_LONGEST_SECONDS = 150.0
_COLLECTED_BATCHES = 32  # it looks at all words that are remembered, and finds nothing in most batches


class Bounds(NamedTuple):
    """What a parsing process may take, where the system can bound it; what goes too far ends the process.

    Attributes:
        memory_bytes: Private memory; files and libraries that are mapped do not count. A grammar that wants
            more aborts.
        grown_bytes: With so much memory after an answer it ends in good order: another takes its place.
        processor_seconds: Time on the processor for one text; at its end comes SIGPROF. Time on the clock
            would cost files on a busy machine.
    """

    memory_bytes: int = 1_000_000_000
    grown_bytes: int = 300_000_000
    processor_seconds: float = 30.0  # real texts take about 1 s and 50 to 100 MB of memory per MB


def serve(parse: Callable[[str, bytes], tuple[object, ...]], bounds: Bounds) -> None:
    """Serve until the input ends, or until this process has grown too large to be kept.

    Args:
        parse: Makes the rows of a path and its text.
        bounds: What it may take.
    """
    _bound_memory(bounds.memory_bytes)
    source = os.fdopen(os.dup(0), "rb")
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing but frames may reach the pipe
    # The collector would go through all captures again and again, and next to nothing here refers to itself.
    gc.disable()
    gc.freeze()
    for served in count(1):
        try:
            batch = cast("list[tuple[str, bytes]]", read_frame(source))
        except EOFError:
            return
        # A parser that hangs must not outlive the worker that would have ended it.
        faulthandler.dump_traceback_later(_LONGEST_SECONDS, exit=True)
        write_frame(target, [_rows(parse, path, data, bounds.processor_seconds) for path, data in batch])
        faulthandler.cancel_dump_traceback_later()
        if _has_grown(bounds.grown_bytes):
            os._exit(0)  # at once: to take large trees apart takes time
        if not served % _COLLECTED_BATCHES:
            gc.collect()


def _rows(
    parse: Callable[[str, bytes], tuple[object, ...]], path: str, data: bytes, seconds: float
) -> tuple[object, ...] | str:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)
    for name in (path, ""):  # what its grammar cannot read is still text
        try:
            return tuple(parse(name, data))
        except Exception as error:  # whatever a grammar raises costs this file only
            reason = f"it could not be parsed ({type(error).__name__})"
    return reason


def _bound_memory(limit: int) -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows has no such bound, macOS does not heed it
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _has_grown(limit: int) -> bool:
    with (
        suppress(OSError),
        open("/proc/self/statm", "rb") as memory,
    ):  # Linux alone tells it at so little cost
        return int(memory.read().split()[1]) * os.sysconf("SC_PAGESIZE") > limit
    return False


def main() -> None:
    """Serve with the parser of the index."""
    serve(analyse, Bounds())


if __name__ == "__main__":
    main()
