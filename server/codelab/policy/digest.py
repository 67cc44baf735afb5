"""What an approval binds: the bytes that will run, not a name or a summary."""

import hashlib
import json
from dataclasses import asdict, dataclass

from codelab.policy.decide import POLICY_VERSION


@dataclass(frozen=True, slots=True)
class BoundCall:
    """Everything about a call that must be the same when it runs as when it was approved.

    Attributes:
        tool: The tool's name.
        path: The file it changes, relative to the workspace root.
        before: SHA-256 of the file's bytes as proposed against; empty where the file does not exist.
        after: SHA-256 of the bytes it will hold; empty where it will be deleted.
        root: The workspace root, resolved.
        session: The session that asks.
        run: The run that asks.
        call: The tool call's id in that run.
    """

    tool: str
    path: str
    before: str
    after: str
    root: str
    session: str
    run: str
    call: str


def call_digest(call: BoundCall) -> str:
    """Return the SHA-256 of the call's canonical JSON together with the policy's version."""
    bound = {**asdict(call), "policy": POLICY_VERSION}
    canonical = json.dumps(bound, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
