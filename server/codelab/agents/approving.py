"""Putting an approval before the person and waiting for the answer."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from codelab.agents.hourly import APPROVALS, count_operations
from codelab.agents.proposed import Proposed
from codelab.agents.run import ActiveRun
from codelab.agents.weighing import weighed
from codelab.core.errors import CodeLabError
from codelab.core.events import ApprovalAsked, ApprovalDecided, RunState, StateChanged
from codelab.core.ids import new_id
from codelab.core.visible import visible
from codelab.policy.desk import await_decision
from codelab.store import approvals, calls
from codelab.store.approvals import Approval
from codelab.store.connection import Connection
from codelab.tools.contract import ToolError

P = TypeVar("P", bound=Proposed)
Edit = Callable[[P, str], Awaitable[P]]


async def agree(run: ActiveRun, proposal: P, edit: Edit[P], what: str, kept: str) -> P:
    """Ask the person until they say yes or no; what they edit is proposed to them again, as they edited it.

    Args:
        run: The run that asks.
        proposal: What it asks for.
        edit: Makes the proposal of a text that the person has edited, checked like any call.
        what: What is asked for: ``change`` or ``command``.
        kept: What stands if they say no: ``Nothing was changed``.

    Returns:
        The proposal that they said yes to.

    Raises:
        ToolError: They did not say yes.
    """
    while True:
        proposal = proposal.asked_as(await weighed(run, proposal.approval, proposal.bound, proposal.facts))
        verdict = await ask(run, proposal.approval)
        if verdict.edited is None:
            if verdict.state != "approved":
                raise refusal(verdict, what, kept)
            return proposal
        try:
            edited = await edit(proposal, verdict.edited)
            note = f"This is the {what} as you edited it."
        except CodeLabError as error:
            edited = proposal
            note = f"Not as you edited it: {error} This is the {what} as it was."
        afresh = replace(
            edited.approval,
            id=new_id("apr"),
            replaces=verdict.id,
            note=visible(note),
            asked_at=time.time(),
        )
        proposal = edited.asked_as(afresh)


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

    moves = (
        ()
        if run.state is RunState.WAITING_FOR_APPROVAL
        else (StateChanged(run=run.id, state=RunState.WAITING_FOR_APPROVAL),)
    )
    await run.write(*moves, ApprovalAsked(run=run.id, call=approval.call, approval=approval.id), also=write)
    began = run.limits.clock()
    verdict = await await_decision(
        approval.id,
        db=services.db,
        watch=services.watch,
        someone_can_answer=lambda: (
            services.prompts or any(face.can_prompt for face in services.faces.living())
        ),
        alive=services.faces.alive,
        wait=run.wait,
        seconds=services.settings.approvals.wait_seconds,
    )
    run.limits.waited += run.limits.clock() - began
    edited = verdict.edited is not None
    await run.write(
        ApprovalDecided(
            run=run.id,
            approval=approval.id,
            state="edited" if edited else verdict.state,
            by=verdict.decided_by,
            reason="" if edited else verdict.reason,
        )
    )
    if verdict.state != "approved" and not edited:
        run.limits.rejections += 1
    return verdict


def refusal(verdict: Approval, what: str, kept: str) -> ToolError:
    """Return what the agent is told when the person did not say yes."""
    if verdict.state == "rejected" and verdict.decided_by != "nobody":
        reason = f": {verdict.reason}" if verdict.reason else ", without giving a reason"
        return ToolError(
            f"The person rejected this {what}{reason}", fix=f"{kept}. Try another way once, or finish"
        )
    reason = f" ({verdict.reason})" if verdict.reason else ""
    return ToolError(f"This {what} was not approved: {verdict.state}{reason}", fix=kept)
