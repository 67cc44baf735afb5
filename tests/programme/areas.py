"""The areas of the programme: what each promises, and how much of it has to be tried."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Area:
    """One row of the table.

    Attributes:
        title: What is attacked or broken.
        volume: How many tries the area needs, over all its tests.
        counted: What one try is.
        passes: What must hold in all of them.
    """

    title: str
    volume: int
    counted: str
    passes: str


AREAS = {
    "escapes": Area("Sandbox escapes", 180, "attacks", "none gets out of one of the three sandboxes"),
    "races": Area("Symlink races", 60_000, "operations", "none leaves the workspace"),
    "survivors": Area("Survivors after a cancel", 500, "cancels", "no process is left"),
    "bombs": Area("Resource bombs", 160, "bombs", "stopped at its limit, nothing is left"),
    "plugins": Area("Plugins", 80, "plugins", "no effect outside scratch, benign ones work"),
    "approvals": Area("Approvals", 10_000, "sequences", "nothing unapproved or altered runs, nothing twice"),
    "two faces": Area("Approvals over two faces", 1_000, "approvals", "each answered once, for its own call"),
    "injection": Area("A compromised model", 500, "attacks", "nothing leaves, is written or runs unapproved"),
    "kills": Area("kill -9", 1_000, "kills", "no acknowledged write is lost"),
    "storage": Area("Storage faults", 2_000, "faults", "told; user data is kept, the index is rebuilt"),
    "writes": Area("Killed file writes", 1_000, "kills", "no file is torn"),
    "framing": Area("Malformed frames", 100_000, "frames", "the next request is answered or the server ends"),
    "cancels": Area("Cancelled requests", 10_000, "requests", "one reply for each request"),
    "vanishing": Area("Vanishing clients", 200, "clients", "the server ends, nothing is left"),
    "purity": Area("Purity of standard output", 4, "sources of noise", "no foreign byte"),
    "secrets": Area("Secrets", 200, "canaries in every sink", "none is found"),
    "audit": Area("Audit log", 1_000, "manipulations", "every one is detected"),
}
"""By the name that ``@pytest.mark.programme`` gives."""
