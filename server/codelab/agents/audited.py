"""What the audit log is told of an agent's calls, beside what the stores of approvals and changes tell it."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial

from codelab.agents.command_proposal import CommandProposal
from codelab.config.settings import SandboxSettings
from codelab.policy.types import PolicyDecision, Touch
from codelab.sandbox.types import Finished
from codelab.store import audit
from codelab.store.audit import AuditKind
from codelab.store.calls import CallRow
from codelab.store.connection import Connection

Append = Callable[[Connection], Awaitable[object]]


def decided(run: str, row: CallRow, touches: Sequence[Touch], decision: PolicyDecision) -> Append:
    """Return what adds policy's decision about a call to the log.

    Args:
        run: The run that calls.
        row: The call.
        touches: What policy was asked about.
        decision: What it said.
    """
    told = {
        "call": row.id,
        "tool": row.name,
        "touches": [f"{touch.access.value} {touch.path}" for touch in touches],
        "outcome": decision.outcome.value,
        "risk": decision.risk.value,
        "rule": decision.rule,
        "why": decision.why,
    }
    return partial(_append, AuditKind.DECISION, told, run)


def command_started(run: str, row: CallRow, proposal: CommandProposal) -> Append:
    """Return what adds to the log that a command starts: what, where, and in which sandbox."""
    job, sandbox = proposal.job, proposal.sandbox
    told = {
        "call": row.id,
        "argv": list(job.argv),
        "directory": job.directory,
        "sandbox": sandbox.kind.value,
        "limits": asdict(job.limits),
    }
    return partial(_append, AuditKind.COMMAND_STARTED, told, run)


def command_ended(run: str, row: CallRow, finished: Finished) -> Append:
    """Return what adds to the log how a command ended and what it used."""
    told = {
        "call": row.id,
        "code": finished.code,
        "stopped": finished.stopped,
        "usage": asdict(finished.usage),
    }
    return partial(_append, AuditKind.COMMAND_ENDED, told, run)


async def note_overrides(tx: Connection, settings: SandboxSettings, client: str) -> None:
    """Add to the log which settings of the person take a protection away, where that has changed since."""
    chosen = {"sandbox.unsandboxed": settings.unsandboxed, "sandbox.as_root": settings.as_root}
    in_force = {"settings": sorted(name for name, on in chosen.items() if on)}
    told = await audit.list_rows(tx, kind=AuditKind.OVERRIDE, last=1)
    before = json.loads(told[0].data or "{}") if told else {}
    if in_force["settings"] != before.get("settings", []):
        await audit.append(tx, AuditKind.OVERRIDE, in_force, client=client)


async def _append(kind: AuditKind, told: Mapping[str, object], run: str, tx: Connection) -> None:
    await audit.append(tx, kind, told, run=run)
