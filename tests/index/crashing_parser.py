"""A parsing process that dies of a text with CRASH in it and hangs on one with HANG."""

import os
import signal
import sys

from codelab.index.frames import read_frame, write_frame
from codelab.index.parsing.analyse import analyse


def rows(path: str, data: bytes) -> tuple[object, ...]:
    """Parse a text, or do as it says."""
    if b"CRASH" in data:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"HANG" in data:
        signal.pause()
    return tuple(analyse(path, data))


while True:
    try:
        batch = read_frame(sys.stdin.buffer)
    except EOFError:
        break
    write_frame(sys.stdout.buffer, [rows(path, data) for path, data in batch])  # type: ignore[attr-defined]
