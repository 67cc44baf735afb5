"""Which files this process opens, told by the interpreter itself."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_watchers: list[Callable[[str], None]] = []


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _watchers and isinstance(arguments[0], str):
        for watcher in tuple(_watchers):
            watcher(arguments[0])


sys.addaudithook(_hear)


@contextmanager
def opened_files(ending: str) -> Iterator[list[str]]:
    """Collect the names of files with an ending that are opened, by whatever way but from C."""
    names: list[str] = []

    def note(name: str) -> None:
        if name.endswith(ending):
            names.append(os.path.basename(name))

    with when_opened(note):
        yield names


@contextmanager
def when_opened(action: Callable[[str], None]) -> Iterator[None]:
    """Do something right before any file is opened; it is given the name as the opener spells it."""
    _watchers.append(action)
    try:
        yield
    finally:
        _watchers.remove(action)
