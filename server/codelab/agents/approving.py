"""Putting an approval before the person and waiting for the answer."""

from codelab.agents.hourly import APPROVALS, count_operations
from codelab.agents.run import ActiveRun
from codelab.core.events import ApprovalAsked, ApprovalDecided, RunState, StateChanged
from codelab.policy.desk import await_decision
from codelab.store import approvals, calls
from codelab.store.approvals import Approval
from codelab.store.connection import Connection
from codelab.tools.contract import ToolError


async def ask(run: ActiveRun, approval: Approval) -> Approval:
    """Store an approval, let the faces show it, and return it as the person decided it.

    Args:
        run: The run that asks; the time that the person takes does not count for it.
        approval: What is asked.

    Raises:
        ToolError: More was asked in this hour than the person allows.
    """
    services = run.services
    await count_operations(run, APPROVALS, 1)

    async def write(tx: Connection) -> None:
        await approvals.propose(tx, approval)
        await calls.update(tx, approval.call, approval=approval.id)

    await run.write(
        StateChanged(run=run.id, state=RunState.WAITING_FOR_APPROVAL),
        ApprovalAsked(run=run.id, call=approval.call, approval=approval.id),
        also=write,
    )
    began = run.limits.clock()
    verdict = await await_decision(
        approval.id,
        db=services.db,
        watch=services.watch,
        someone_can_answer=lambda: (
            services.prompts or any(face.can_prompt for face in services.faces.living())
        ),
        wait=run.wait,
    )
    run.limits.waited += run.limits.clock() - began
    await run.write(
        ApprovalDecided(
            run=run.id,
            approval=approval.id,
            state=verdict.state,
            by=verdict.decided_by,
            reason=verdict.reason,
        )
    )
    if verdict.state != "approved":
        run.limits.rejections += 1
    return verdict


def refusal(verdict: Approval, what: str, kept: str) -> ToolError:
    """Return what the agent is told when the person did not say yes.

    Args:
        verdict: The approval as decided.
        what: What was asked for: ``change`` or ``command``.
        kept: What stands all the same: ``Nothing was changed``.
    """
    if verdict.state == "rejected" and verdict.decided_by != "nobody":
        reason = f": {verdict.reason}" if verdict.reason else ", without giving a reason"
        return ToolError(
            f"The person rejected this {what}{reason}", fix=f"{kept}. Try another way once, or finish"
        )
    reason = f" ({verdict.reason})" if verdict.reason else ""
    return ToolError(f"This {what} was not approved: {verdict.state}{reason}", fix=kept)
