"""A parsing process with small bounds, which does what a text says; it names its process id as language."""

import ctypes
import os
import signal

from codelab.index.building import parser_process
from codelab.index.parsing.analyse import Analysed, analyse

kept: list[bytes] = []


def obey(path: str, data: bytes) -> Analysed:
    """Parse a text, or do as it says."""
    if b"MEMORY" in data:
        take_all_memory()
    if b"TIME" in data:
        while True:
            pass
    if b"CRASH" in data:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"RAISE" in data:
        raise ValueError(path)
    if b"GROW" in data:
        kept.append(b"x" * 200_000_000)
    return analyse(path, data)._replace(language=str(os.getpid()))


def take_all_memory() -> None:
    """Do as a grammar does: ask for more and more, and abort where there is none."""
    allocate = ctypes.CDLL(None).malloc
    allocate.restype, allocate.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    while allocate(10_000_000):
        pass
    os.abort()


parser_process.serve(obey, parser_process.Bounds(500_000_000, 150_000_000, 2.0))
