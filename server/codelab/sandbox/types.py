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


REACHES = (
    "sandbox: with the network; it sees nothing of the workspace but git's objects and can write nothing"
)
"""What a person is told of the sandbox of a command that reaches a host."""
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
class Reach:
    """What lets a git command reach a host: the network, and a repository of ours instead of the workspace.

    Attributes:
        config: The whole configuration of that repository.
        refs: The commits of its refs, by full name; their objects are those of the workspace's repository.
        shallow: Its file ``shallow``.
        readable: Files and folders that it may read besides the system's.
        socket: The person's ssh agent, or None.
        credential: What their credential helper knows for the host, as git-credential(1) writes it; found
            just before the command starts, and no part of what is approved.
    """

    config: str
    refs: Mapping[str, str]
    shallow: bytes = b""
    readable: tuple[Path, ...] = ()
    socket: Path | None = None
    credential: str = field(default="", repr=False)


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
        reach: What lets it reach a host; it then sees nothing of the workspace but git's objects.
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
    reach: Reach | None = None


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
