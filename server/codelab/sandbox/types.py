"""A command, what bounds it, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """How a command is confined, the best first."""

    OVERLAY = "overlay"  # bubblewrap; what it writes to the workspace lands in a layer of its own
    READ_ONLY = "read-only"  # bubblewrap; the workspace cannot be written
    LANDLOCK = "landlock"  # no namespaces; the workspace cannot be written
    SEATBELT = "seatbelt"  # macOS
    UNSANDBOXED = "unsandboxed"  # by the person's own setting


SHOWN = {
    Kind.OVERLAY: "sandbox: no network; what it changes is shown to you before it counts",
    Kind.READ_ONLY: "sandbox: no network, the workspace is read-only",
    Kind.LANDLOCK: "sandbox without namespaces: no network, the workspace is read-only",
    Kind.SEATBELT: "macOS sandbox: no network, the workspace is read-only",
    Kind.UNSANDBOXED: "UNSANDBOXED: it can do whatever you can",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one command may use.

    Attributes:
        seconds: Longest time.
        memory: Most memory of all its processes together, in bytes.
        processes: Most processes at once.
        disk: Most that it may write, in bytes.
        files: Most files and folders that it may write.
        output: Most output, in bytes; a command that says more is stopped.
    """

    seconds: float = 600.0
    memory: int = 4_000_000_000
    processes: int = 512
    disk: int = 2_000_000_000
    files: int = 200_000
    output: int = 10_000_000


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The sandbox that a probe has shown to work on this machine.

    Attributes:
        kind: How it confines.
        programs: The system's own programs that make it, by name.
        lacking: Why it is not a better one, and what to do about it, for a person; empty for the best.
    """

    kind: Kind
    programs: Mapping[str, str] = field(default_factory=dict[str, str])
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One command, ready to run.

    Attributes:
        root: The workspace, resolved.
        argv: The program and its arguments.
        directory: Where it runs, relative to the workspace, ``.`` for its root.
        environment: All of its environment.
        limits: What it may use.
        readable: Folders outside the workspace and the system that it may read.
        writes: Whether it may write to its layer over the workspace at all.
        commits: Whether it may write git's own files in that layer.
        unsaved: Bytes of files of the workspace, by path, that it sees instead of what is on disk, where it
            has a layer: what editors show and have not saved.
    """

    root: Path
    argv: tuple[str, ...]
    directory: str
    environment: Mapping[str, str]
    limits: Limits = Limits()
    readable: tuple[Path, ...] = ()
    writes: bool = True
    commits: bool = False
    unsaved: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command has used: seconds, seconds of processor time, bytes and processes at the peak, bytes."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory: int = 0
    processes: int = 0
    disk: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended.

    Attributes:
        code: Its exit status; 128 and the signal's number where a signal ended it.
        stopped: The limit at which it was stopped, ``cancel``, or an empty string.
        output: What it wrote to both its outputs, in order; of very much the beginning and the end.
        usage: What it has used.
    """

    code: int
    stopped: str
    output: str
    usage: Usage
