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
    _open_error_output()
    reader = os.dup(_STDIN)  # above 2, since those are open; not inheritable
    writer = os.dup(_STDOUT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _STDIN)
    os.close(nothing)
    os.dup2(_STDERR, _STDOUT)
    sys.stdout = sys.stderr
    return ProtocolStreams(os.fdopen(reader, "rb", buffering=0), os.fdopen(writer, "wb", buffering=0))


def _open_error_output() -> None:
    try:
        os.fstat(_STDERR)
    except OSError:
        sink = os.open(os.devnull, os.O_WRONLY)
        if sink != _STDERR:
            os.dup2(sink, _STDERR)
            os.close(sink)
