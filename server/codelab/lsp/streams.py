"""Standard input and output kept for the protocol alone.

``print``, ``os.write(1)``, C libraries and child processes all write to descriptor 1. It is moved away before
anything else runs, so that what they write goes to the log (standard error) and never between two messages.
"""

import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrivateStreams:
    """The descriptors that the protocol is spoken over; no child inherits them."""

    incoming: int
    outgoing: int


def claim_standard_streams() -> PrivateStreams:
    """Move the client's pipes to private descriptors.

    Afterwards descriptor 0 reads nothing, and descriptor 1 is standard error, or nothing where there is none.

    Returns:
        The private descriptors.
    """
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:
        os.dup2(nothing, 2)
        os.dup2(nothing, 1)
    os.close(nothing)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    return PrivateStreams(incoming, outgoing)
