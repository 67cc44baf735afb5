"""Frames, in which processes that work for the index worker are given work and answer.

A frame is its length in 8 bytes, little end first, and a marshalled value.
"""

import marshal
from typing import BinaryIO

_LENGTH_BYTES = 8


def write_frame(stream: BinaryIO, value: object) -> None:
    """Write one value, made of lists, tuples, text, bytes and numbers."""
    payload = marshal.dumps(value)  # type: ignore[arg-type]  # what it cannot write it refuses
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
