"""A tool call that only reads, where a rule wants the person asked first."""

from codelab.agents.approving import ask, refusal
from codelab.agents.proposed import approval_of, bound_call, bound_to
from codelab.agents.run import ActiveRun
from codelab.policy.digest import call_digest
from codelab.policy.types import PolicyDecision
from codelab.store import approvals
from codelab.store.calls import CallRow
from codelab.tools.contract import ToolError

_CHANGED = "Policy's rules, or what this session has read, changed after it was asked"


async def ask_to_read(run: ActiveRun, row: CallRow, title: str, decision: PolicyDecision) -> None:
    """Ask the person to let a call read; returns only if they do.

    Args:
        run: The run.
        row: The call as journalled.
        title: The call as a person reads it: ``reading payments.py``.
        decision: What policy said.

    Raises:
        ToolError: They did not.
    """
    bound = bound_call(run, row)
    title = f"CodeLab ({run.template.name}) asks before {title}"
    detail = f"{row.name} {row.arguments}"
    approval = approval_of(run, bound, decision, kind="read", title=title, detail=detail)
    verdict = await ask(run, approval)
    if verdict.state != "approved":
        raise refusal(verdict, "call", "Nothing was read")
    async with run.services.db.write() as tx:
        counts = await approvals.consume(tx, approval.id, call_digest(bound_to(run, bound)))
        if not counts:
            await approvals.invalidate(tx, approval.id, _CHANGED)
    if not counts:
        raise ToolError("Nothing was read", why=_CHANGED, fix="Call it again")
