"""The parsing process: texts in on standard input, their rows out on standard output.

A frame is its length in 8 bytes, little end first, and a marshalled value: in, a list of (path, text); out,
a list of rows, or of strings that say why a file could not be parsed. It ends with its input.
"""

import faulthandler
import marshal
import os
from typing import BinaryIO, cast

from codelab.index.analyse import analyse

_LENGTH_BYTES = 8
_LONGEST_SECONDS = 60.0


def write_frame(stream: BinaryIO, value: object) -> None:
    """Write one value, made of lists, tuples, text, bytes and numbers."""
    payload = marshal.dumps(value)  # type: ignore[arg-type]
    stream.write(len(payload).to_bytes(_LENGTH_BYTES, "little"))
    stream.write(payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> object:
    """Read one value.

    Raises:
        EOFError: The other side is gone.
    """
    head = stream.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        raise EOFError
    size = int.from_bytes(head, "little")
    payload = stream.read(size)
    if len(payload) < size:
        raise EOFError
    return marshal.loads(payload)  # noqa: S302 - it comes from a process of our own, over a pipe


def _rows(path: str, data: bytes) -> tuple[object, ...] | str:
    for name in (path, ""):  # what its grammar cannot read is still text
        try:
            return tuple(analyse(name, data))
        except Exception as error:
            reason = f"it could not be parsed ({type(error).__name__})"
    return reason


def main() -> None:
    """Serve until the input ends."""
    source = os.fdopen(os.dup(0), "rb")
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing but frames may reach the pipe
    while True:
        try:
            batch = read_frame(source)
        except EOFError:
            return
        # A parser that hangs must not outlive the worker that would have ended it.
        faulthandler.dump_traceback_later(_LONGEST_SECONDS, exit=True)
        write_frame(target, [_rows(path, data) for path, data in cast("list[tuple[str, bytes]]", batch)])
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main()
