"""What an approval binds: the bytes that will run, not a name or a summary."""

import hashlib
import json
from dataclasses import asdict, dataclass, field

from codelab.policy.decide import POLICY_VERSION
from codelab.policy.taint import UNTRUSTED


@dataclass(frozen=True, slots=True)
class BoundFile:
    """A file that a call changes.

    Attributes:
        path: Relative to the workspace root.
        before: SHA-256 of the file's bytes as proposed against; ``absent`` where the file does not exist.
        after: SHA-256 of the bytes it will hold; ``absent`` where it will be deleted.
        executable: Whether a new file may be executed.
    """

    path: str
    before: str
    after: str
    executable: bool = False


@dataclass(frozen=True, slots=True)
class BoundCommand:
    """A command that a call runs.

    Attributes:
        argv: The program and its arguments.
        program: Path and SHA-256 of the file that is executed.
        operands: Paths and SHA-256 of the files of the workspace that the arguments name.
        directory: Where it runs, relative to the workspace root.
        identity: Device and inode of that folder, so that another cannot be put in its place.
        environment: Names and values of its whole environment.
        profile: SHA-256 of the sandbox: its kind, its limits, what it can read.
        network: Whether it can reach the network.
    """

    argv: tuple[str, ...]
    program: tuple[str, str]
    operands: tuple[tuple[str, str], ...]
    directory: str
    identity: str
    environment: tuple[tuple[str, str], ...]
    profile: str
    network: bool = False

    @property
    def environment_hash(self) -> str:
        """SHA-256 of the environment."""
        return hashlib.sha256(json.dumps(self.environment).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class BoundCall:
    """Everything about a call that must be the same when it runs as when it was approved.

    Attributes:
        tool: The tool's name.
        root: The workspace root, resolved.
        session: The session that asks.
        run: The run that asks.
        call: The tool call's id in that run.
        arguments: The call's arguments as the model wrote them.
        taint: The labels of what the session has read; see ``Taint.labels``.
        rules: The digest of the rules in force; see ``PolicyRules.digest``.
        files: The files it changes.
        command: The command it runs, or None.
        branch: The branch that it moves, and the commits from which and to which; empty if none.
    """

    tool: str
    root: str
    session: str
    run: str
    call: str
    arguments: str = ""
    taint: tuple[str, ...] = ()
    rules: str = ""
    files: tuple[BoundFile, ...] = field(default=())
    command: BoundCommand | None = None
    branch: tuple[str, ...] = ()

    @property
    def tainted(self) -> bool:
        """Whether the session has read text that others may have written."""
        return any(label.startswith(UNTRUSTED) for label in self.taint)


def call_digest(call: BoundCall) -> str:
    """Return the SHA-256 of the call's canonical JSON together with the policy's version."""
    bound = {**asdict(call), "policy": POLICY_VERSION}
    canonical = json.dumps(bound, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
