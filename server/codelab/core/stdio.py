"""The standard streams of a face that speaks a protocol on them.

Descriptors 0 and 1 are moved away at start, before anything else is imported: the protocol keeps private
copies, while whatever else reads or writes in this process or its children (a print, a C library, a
subprocess) finds an empty input and the error output. So nothing foreign reaches the client.
"""

import os
import sys
from dataclasses import dataclass
from typing import BinaryIO

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_FIRST_PRIVATE = 3


@dataclass(frozen=True, slots=True)
class ProtocolStreams:
    """The private copies of what were standard input and output; unbuffered, not inherited by children."""

    reader: BinaryIO
    writer: BinaryIO


def take_standard_streams() -> ProtocolStreams:
    """Move the standard streams away; to be called once, first thing in the process.

    Afterwards descriptor 0 is at its end, descriptor 1 is the error output, and so are ``sys.stdin`` and
    ``sys.stdout``.

    Returns:
        The streams that the client is at the other end of.

    Raises:
        OSError: The process was started with its standard input or output closed.
    """
    reader = _private_copy(_STDIN)
    writer = _private_copy(_STDOUT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _STDIN)
    if nothing > _STDERR:
        os.close(nothing)
    os.dup2(_error_output(), _STDOUT)
    sys.stdout = sys.stderr
    return ProtocolStreams(os.fdopen(reader, "rb", buffering=0), os.fdopen(writer, "wb", buffering=0))


def _private_copy(descriptor: int) -> int:
    copy = os.dup(descriptor)  # not inheritable, as everything that Python opens
    low = []
    while copy < _FIRST_PRIVATE:  # a standard descriptor that was closed would be filled by the copy
        low.append(copy)
        copy = os.dup(descriptor)
    for unwanted in low:
        os.close(unwanted)
    return copy


def _error_output() -> int:
    try:
        os.fstat(_STDERR)
    except OSError:
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, _STDERR)
        return sink
    return _STDERR
