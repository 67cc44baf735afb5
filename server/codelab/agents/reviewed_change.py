"""A tool call that changes files: put before the person, checked again, made, written down."""

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from functools import partial

from codelab.agents.approving import agree
from codelab.agents.authorising import Consent, Permission, start_execution
from codelab.agents.changes import make_change, settle_checkpoint
from codelab.agents.code_check import warnings_about
from codelab.agents.permission import policy_call
from codelab.agents.proposal import Proposal, propose, with_warnings
from codelab.agents.reviewed_merge import Merged, put_back
from codelab.agents.run import ActiveRun
from codelab.core.errors import EditConflict, PathRefused
from codelab.core.events import FileChanged, RunState, StateChanged, ToolReturned
from codelab.core.finishing import finish_first
from codelab.core.redaction import MARK, redact
from codelab.policy.decide import decide
from codelab.policy.types import Access, Outcome, PolicyDecision, Risk, Touch
from codelab.store import calls, checkpoints, messages
from codelab.store.calls import CallRow
from codelab.store.checkpoints import Checkpoint
from codelab.store.connection import Connection
from codelab.tools.contract import FileChange, ToolError
from codelab.tools.edit_file import edited_change
from codelab.workspace.edits import unified_diff
from codelab.workspace.opening import missing_folders
from codelab_models.wire import Message, ToolCall


async def change_files(
    run: ActiveRun,
    row: CallRow,
    call: ToolCall,
    changes: Sequence[FileChange],
    decision: PolicyDecision,
    *,
    told: str = "",
    summary: str = "",
    merged: Merged | None = None,
) -> None:
    """Ask for changes if policy wants them asked, then make them.

    Args:
        run: The run.
        row: The call as journalled.
        call: The call as the model wrote it.
        changes: What the tool proposes, approved together or not at all.
        decision: What policy said; never a denial.
        told: What the agent is told before the changes.
        summary: What the person is told before them.
        merged: The merge that made them, whose commits are brought over together with them.

    Raises:
        ToolError: They were refused, or a file changed meanwhile; nothing was changed.
        EditConflict: The editor or the disk refused one; those before it were changed.
    """
    for change in changes:
        _refuse_secret(change)
        if change.unsaved_in and change.unsaved_in != run.services.face:
            raise ToolError(
                f"{change.path} has unsaved text in another editor", fix="Ask the person to save it"
            )
    move = merged.move if merged is not None else None
    proposal = await asyncio.to_thread(propose, run, row, changes, decision, move)
    permission = Permission(decision)
    if decision.outcome is Outcome.ASK:
        asked = policy_call(
            run, row.name, Risk.MEDIUM, [Touch(change.path, Access.WRITE) for change in changes]
        )
        permission = await Permission.standing(run, decision, proposal, asked)
        if permission.consent is Consent.PERSON:
            if warnings := await warnings_about(run, changes):
                proposal = with_warnings(proposal, warnings)
                told += "A security analyser warns of lines that you add:\n" + "\n".join(warnings) + "\n"
            edit = partial(_edited, run, row)
            proposal = await agree(run, proposal, edit, "change", "Nothing was changed")
            told += _as_edited(changes, proposal)
    # From the yes to the written file nothing may come between: a cancel waits until it is whole.
    await finish_first(
        _carry_out(run, row, call, proposal, permission, told=told, summary=summary, merged=merged)
    )


def _refuse_secret(change: FileChange) -> None:
    if redact(change.after_text).count(MARK) > redact(change.before_text).count(MARK):
        raise ToolError(
            f"The new text of {change.path} holds a secret, or the mark {MARK} that stands for one",
            why="Neither is written to a file, and the person could not see what they approve",
            fix="Leave lines with a secret as they are",
        )


async def _edited(run: ActiveRun, row: CallRow, proposal: Proposal, text: str) -> Proposal:
    """Return the proposal of a change as the person edited it, held to the policy like any other."""
    (change,) = proposal.changes
    edited = await asyncio.to_thread(edited_change, change, text)
    _refuse_secret(edited)
    touches = [Touch(edited.path, Access.WRITE)]
    decision = decide(policy_call(run, row.name, Risk.MEDIUM, touches), run.services.rules)
    if decision.outcome is Outcome.DENY:
        raise ToolError(f"Refused: {decision.why}")
    return await asyncio.to_thread(propose, run, row, [edited], decision)


def _as_edited(changes: Sequence[FileChange], proposal: Proposal) -> str:
    """Return what the agent is told of a change that the person edited."""
    if not proposal.approval.replaces or len(changes) != 1 or proposal.changes[0] == changes[0]:
        return ""
    (made,) = proposal.changes
    diff = unified_diff(made.path, changes[0].after_text, made.after_text)
    return f"The person edited your proposal before saying yes; what they changed in it:\n{diff}\n"


async def _carry_out(
    run: ActiveRun,
    row: CallRow,
    call: ToolCall,
    proposal: Proposal,
    permission: Permission,
    *,
    told: str,
    summary: str,
    merged: Merged | None,
) -> None:
    """Consume the approval, journal the changes, make them, and write that they were made."""
    if merged is not None:
        await asyncio.to_thread(merged.refuse_touched)
    started = await _begin(run, row, proposal, permission, merged)
    made: list[FileChanged] = []
    try:
        for change, checkpoint, (added, removed) in zip(
            proposal.changes, started, proposal.counts, strict=True
        ):
            await _make(run, change, checkpoint)
            made.append(
                FileChanged(
                    run=run.id,
                    call=row.id,
                    path=change.path,
                    checkpoint=checkpoint.id,
                    added=added,
                    removed=removed,
                )
            )
        if merged is not None:
            await asyncio.to_thread(merged.bring_over)
    except Exception:  # whatever it was: what was made until then, or could not be put back, is written down
        if merged is not None:
            left = await put_back(run, list(proposal.changes[: len(made)]))
            made = [event for event in made if event.path in left]
        await run.write(*made, also=partial(_mark, started, {event.path for event in made}))
        raise
    what = f"{summary}; {proposal.summary}" if summary else proposal.summary

    async def complete(tx: Connection) -> None:
        await _mark(started, {event.path for event in made}, tx)
        await calls.update(tx, row.id, state="done", result=told + proposal.summary)
        await messages.append(tx, run.id, Message("tool", f"{told}{proposal.summary}.", call_id=call.id))

    await run.write(
        *made,
        ToolReturned(run=run.id, call=row.id, ok=True, summary=what),
        StateChanged(run=run.id, state=RunState.PROCESSING),
        also=complete,
    )


async def _mark(started: Sequence[Checkpoint], made: Collection[str], tx: Connection) -> None:
    """Write which of the changes were made, by their paths."""
    for checkpoint in started:
        await checkpoints.mark(tx, checkpoint.id, "applied" if checkpoint.path in made else "undone")


async def _begin(
    run: ActiveRun, row: CallRow, proposal: Proposal, permission: Permission, merged: Merged | None
) -> list[Checkpoint]:
    """Consume the approval and journal what is about to be written, in one transaction."""
    started: list[Checkpoint] = []

    async def journal(tx: Connection) -> None:
        folders: dict[str, None] = {}
        for change in proposal.changes:
            started.append(
                await checkpoints.prepare(
                    tx, run=run.id, call=row.id, path=change.path, before=change.before, after=change.after
                )
            )
            missing = await asyncio.to_thread(missing_folders, run.services.root, change.path)
            folders.update(dict.fromkeys(missing))
        branch = asdict(merged.move) if merged is not None else None
        prepared = json.dumps({"folders": list(folders), "branch": branch})  # an undo takes them back
        await calls.update(tx, row.id, state="executing", checkpoint=started[0].id, prepared=prepared)

    name = proposal.changes[0].path if len(proposal.changes) == 1 else "A file"
    changed = ToolError(f"{name} changed after this was proposed", fix="Read it again and propose again")
    await start_execution(run, row, proposal, permission, journal=journal, changed=changed)
    return started


async def _make(run: ActiveRun, change: FileChange, checkpoint: Checkpoint) -> None:
    try:
        await make_change(run.services, change, f"CodeLab ({run.template.name})")
    except (EditConflict, PathRefused):
        raise
    except Exception:  # of a disk or an editor that failed: the file tells whether it was before or after
        if not await settle_checkpoint(run.services, checkpoint):
            raise
