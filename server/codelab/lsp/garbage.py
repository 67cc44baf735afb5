"""Imports without the garbage collector, which would look through what they make again and again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collected_later() -> Iterator[None]:
    """Keep the collector off for a while, and leave alone for good what was made meanwhile.

    For imports: their classes live as long as the process. It makes them about an eighth faster.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
