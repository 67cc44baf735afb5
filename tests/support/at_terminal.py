"""A real terminal in place of the standard streams of a test."""

import contextlib
import os
import pty
import select
import sys
from collections.abc import Iterator

from tests.support.command_line import GUARD_SECONDS


@contextlib.contextmanager
def at_terminal() -> Iterator[int]:
    """Put a real terminal in place of the standard streams; yields the end that the person sees.

    In the test itself, since pytest sets the streams again between a fixture and its test.
    """
    person, program = pty.openpty()
    before = sys.stdin, sys.stdout, sys.stderr
    stream = os.fdopen(os.dup(program), "w", encoding="utf-8")
    typed = os.fdopen(os.dup(program), "r", encoding="utf-8")
    sys.stdin, sys.stdout, sys.stderr = typed, stream, stream
    try:
        yield person
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
        stream.close()
        typed.close()
        os.close(program)
        os.close(person)


def seen(person: int, lines: int = 1) -> str:
    """Return what the person sees up to the end of so many lines."""
    sys.stdout.flush()
    text = ""
    while text.count("\n") < lines:
        assert select.select([person], [], [], GUARD_SECONDS)[0], f"no more came after {text!r}"
        text += os.read(person, 65536).decode()
    return text
