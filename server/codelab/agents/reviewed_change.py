"""A tool call that changes a file: put before the person, checked again, made, written down."""

import asyncio
import json

from codelab.agents.changes import make_change, settle_checkpoint
from codelab.agents.proposal import Proposal, propose
from codelab.agents.run import ActiveRun
from codelab.core.errors import CodeLabError, EditConflict, PathRefused
from codelab.core.events import (
    ApprovalAsked,
    ApprovalDecided,
    FileChanged,
    RunState,
    StateChanged,
    ToolReturned,
)
from codelab.core.finishing import finish_first
from codelab.policy.desk import await_decision
from codelab.policy.digest import call_digest
from codelab.policy.types import Outcome, PolicyDecision
from codelab.store import approvals, calls, checkpoints, messages
from codelab.store.approvals import Approval
from codelab.store.calls import CallRow
from codelab.store.checkpoints import Checkpoint
from codelab.store.connection import Connection
from codelab.tools.contract import FileChange, ToolError
from codelab.workspace.opening import missing_folders
from codelab_models.wire import Message, ToolCall


async def change_file(
    run: ActiveRun,
    row: CallRow,
    call: ToolCall,
    change: FileChange,
    decision: PolicyDecision,
) -> None:
    """Ask for a change if policy wants it asked, then make it.

    Args:
        run: The run.
        row: The call as journalled.
        call: The call as the model wrote it.
        change: What the tool proposes.
        decision: What policy said; never a denial.

    Raises:
        ToolError: It was refused, or the file changed meanwhile; nothing was changed.
        EditConflict: The editor or the disk refused it; nothing was changed.
    """
    if change.unsaved_in and change.unsaved_in != run.services.face:
        raise ToolError(f"{change.path} has unsaved text in another editor", fix="Ask the person to save it")
    proposal = await asyncio.to_thread(propose, run, row, change, decision)
    if decision.outcome is Outcome.ASK:
        verdict = await _ask(run, row, proposal)
        if verdict.state != "approved":
            run.limits.rejections += 1
            raise _refusal(verdict)
    # From the yes to the written file nothing may come between: a cancel waits until it is whole.
    await finish_first(_carry_out(run, row, call, proposal, asked=decision.outcome is Outcome.ASK))


async def _ask(run: ActiveRun, row: CallRow, proposal: Proposal) -> Approval:
    services = run.services
    approval = proposal.approval

    async def write(tx: Connection) -> None:
        await approvals.propose(tx, approval)
        await calls.update(tx, row.id, approval=approval.id)

    await run.write(
        StateChanged(run=run.id, state=RunState.WAITING_FOR_APPROVAL),
        ApprovalAsked(run=run.id, call=row.id, approval=approval.id),
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
    return verdict


def _refusal(verdict: Approval) -> ToolError:
    if verdict.state == "rejected" and verdict.decided_by != "nobody":
        reason = f": {verdict.reason}" if verdict.reason else ", without giving a reason"
        fix = "Nothing was changed. Try another way once, or finish"
        return ToolError(f"The person rejected this change{reason}", fix=fix)
    reason = f" ({verdict.reason})" if verdict.reason else ""
    return ToolError(f"This change was not approved: {verdict.state}{reason}", fix="Nothing was changed")


async def _carry_out(
    run: ActiveRun, row: CallRow, call: ToolCall, proposal: Proposal, *, asked: bool
) -> None:
    """Consume the approval, journal the change, make it, and write that it was made."""
    change, approval = proposal.change, proposal.approval
    started: list[Checkpoint] = []

    async def begin(tx: Connection) -> None:
        # The digest is made again from the bytes about to be written; the approval fits these or nothing.
        now = await asyncio.to_thread(proposal.bound_now, run)
        if asked and not await approvals.consume(tx, approval.id, call_digest(now)):
            raise ToolError(
                f"{change.path} changed after this was proposed", fix="Read it again and propose again"
            )
        checkpoint = await checkpoints.prepare(
            tx, run=run.id, call=row.id, path=change.path, before=change.before, after=change.after
        )
        started.append(checkpoint)
        folders = await asyncio.to_thread(missing_folders, run.services.root, change.path)
        prepared = json.dumps({"folders": folders})  # an undo takes them away again
        await calls.update(tx, row.id, state="executing", checkpoint=checkpoint.id, prepared=prepared)

    try:
        await run.write(StateChanged(run=run.id, state=RunState.EXECUTING), also=begin)
    except CodeLabError as error:
        if asked:
            async with run.services.db.write() as tx:
                await approvals.invalidate(tx, approval.id, error.what)
        raise
    try:
        await make_change(run.services, change, f"CodeLab ({run.template.name})")
    except (EditConflict, PathRefused):
        async with run.services.db.write() as tx:
            await checkpoints.mark(tx, started[0].id, "undone")
        raise
    except Exception:  # of a disk or an editor that failed: the file tells whether it was before or after
        if not await settle_checkpoint(run.services, started[0]):
            raise

    async def complete(tx: Connection) -> None:
        await checkpoints.mark(tx, started[0].id, "applied")
        await calls.update(tx, row.id, state="done", result=summary)
        await messages.append(tx, run.id, Message("tool", f"{summary}.", call_id=call.id))

    added, removed = proposal.counts
    summary = f"{change.path} changed (+{added} -{removed})"
    await run.write(
        FileChanged(
            run=run.id, call=row.id, path=change.path, checkpoint=started[0].id, added=added, removed=removed
        ),
        ToolReturned(run=run.id, call=row.id, ok=True, summary=summary),
        StateChanged(run=run.id, state=RunState.PROCESSING),
        also=complete,
    )
