"""Carrying out one tool call: validate, ask policy, ask the person, check again, do it, write it down."""

import asyncio
from typing import Any

import aiosqlite
from pydantic import ValidationError

from codelab.agents.changes import make_change, prepare_checkpoint
from codelab.agents.limits import MOST_REPEATS
from codelab.agents.proposal import Proposal, propose
from codelab.agents.run import ActiveRun
from codelab.core.errors import CodeLabError
from codelab.core.events import (
    ApprovalAsked,
    ApprovalDecided,
    FileChanged,
    RunState,
    StateChanged,
    ToolCalled,
    ToolReturned,
)
from codelab.policy.decide import decide
from codelab.policy.desk import await_decision
from codelab.policy.digest import call_digest
from codelab.policy.types import Access, Outcome, PolicyDecision, Touch
from codelab.store import approvals, calls, checkpoints, messages, sources
from codelab.store.approvals import Approval
from codelab.store.calls import CallRow
from codelab.tools.catalog import TOOLS
from codelab.tools.contract import FileChange, Tool, ToolError, ToolText
from codelab_models.wire import Message, ToolCall


async def execute(run: ActiveRun, call: ToolCall, offered: frozenset[str]) -> None:
    """Carry out a call and append its result to the run's messages, whatever happens.

    Args:
        run: The run that calls.
        call: The call as the model wrote it.
        offered: The tools that the model was offered.
    """
    row = CallRow(
        id=f"{run.id}/{call.id}",
        run=run.id,
        seq=0,
        name=call.name,
        arguments=call.arguments,
        state="proposed",
    )
    async with run.services.db.write() as tx:
        await calls.create(tx, row)
    try:
        tool, arguments, touches = _understand(run, call, offered)
    except CodeLabError as error:
        await _return(run, row, call, str(error), "not understood", ok=False)
        return
    title = tool.title(arguments)
    await run.write(ToolCalled(run=run.id, call=row.id, tool=tool.name, title=title))
    try:
        decision = decide(tool.risk, touches, run.approve)
        if decision.outcome is Outcome.DENY:
            raise ToolError(f"Refused: {decision.why}", fix="Do without it")
        if tool.searches:
            run.limits.searches += 1
        outcome = await tool.call(arguments, run.services.tools)
        if isinstance(outcome, ToolText):
            await _return(
                run, row, call, outcome.text, outcome.summary, ok=True, also=_keep_sources(run, outcome)
            )
        else:
            if Touch(outcome.path, Access.WRITE) not in touches:
                raise ToolError(f"{row.name} proposed to change {outcome.path} without having said so before")
            await _change_file(run, row, call, outcome, decision)
    except CodeLabError as error:
        await _return(run, row, call, str(error), error.what, ok=False)


def _understand(
    run: ActiveRun, call: ToolCall, offered: frozenset[str]
) -> tuple[Tool[Any], Any, tuple[Touch, ...]]:
    tool = TOOLS.get(call.name)
    if tool is None or call.name not in offered:
        raise ToolError(
            f"There is no tool {call.name!r} here", fix=f"Tools: {', '.join(sorted(offered)) or 'none'}"
        )
    signature = (call.name, call.arguments)
    run.recent.append(signature)
    if run.recent[-MOST_REPEATS - 1 :] == [signature] * (MOST_REPEATS + 1):
        raise ToolError(
            "You have made this very call before; its result stands above", fix="Do something else"
        )
    try:
        arguments = tool.arguments.model_validate_json(call.arguments or "{}")
    except ValidationError as error:
        raise ToolError(
            f"The arguments of {call.name} are not valid", why=_explain(error), fix="Call it again"
        ) from None
    return tool, arguments, tuple(tool.touches(arguments, run.services.tools))


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, p['loc'])) or 'arguments'}: {p['msg']}" for p in problems[:5])


def _keep_sources(run: ActiveRun, outcome: ToolText) -> Any:
    async def write(tx: aiosqlite.Connection) -> None:
        for source in outcome.sources:
            await sources.add(tx, run.id, source.span, source.blob)

    return write


async def _return(
    run: ActiveRun, row: CallRow, call: ToolCall, text: str, summary: str, *, ok: bool, also: Any = None
) -> None:
    """Write a call's result as the tool's message; the run goes on processing."""

    async def write(tx: aiosqlite.Connection) -> None:
        await calls.update(tx, row.id, state="done" if ok else "failed", result=text)
        await messages.append(tx, run.id, Message("tool", text, call_id=call.id))
        if also is not None:
            await also(tx)

    returned = ToolReturned(run=run.id, call=row.id, ok=ok, summary=summary)
    moves = () if run.state is RunState.PROCESSING else (StateChanged(run=run.id, state=RunState.PROCESSING),)
    await run.write(returned, *moves, also=write)


async def _change_file(
    run: ActiveRun,
    row: CallRow,
    call: ToolCall,
    change: FileChange,
    decision: PolicyDecision,
) -> None:
    if change.unsaved_in and change.unsaved_in != run.services.face:
        raise ToolError(f"{change.path} has unsaved text in another editor", fix="Ask the person to save it")
    proposal = propose(run, row, change, decision)
    if decision.outcome is Outcome.ASK:
        verdict = await _ask(run, row, proposal)
        if verdict.state != "approved":
            run.limits.rejections += 1
            raise ToolError(_refusal(verdict))
    # From the yes to the written file nothing may come between: a cancel waits until it is whole.
    await _finish(
        asyncio.ensure_future(_carry_out(run, row, call, proposal, asked=decision.outcome is Outcome.ASK))
    )


async def _finish(work: "asyncio.Future[None]") -> None:
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait({work})
        raise


async def _ask(run: ActiveRun, row: CallRow, proposal: Proposal) -> Approval:
    services = run.services
    approval = proposal.approval

    async def write(tx: aiosqlite.Connection) -> None:
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


def _refusal(verdict: Approval) -> str:
    if verdict.state == "rejected" and verdict.decided_by != "nobody":
        reason = f": {verdict.reason}" if verdict.reason else ", without giving a reason"
        return (
            f"The person rejected this change{reason}. Nothing was changed. Try another way once, or finish"
        )
    reason = f" ({verdict.reason})" if verdict.reason else ""
    return f"This change was not approved: {verdict.state}{reason}. Nothing was changed"


async def _carry_out(
    run: ActiveRun, row: CallRow, call: ToolCall, proposal: Proposal, *, asked: bool
) -> None:
    """Consume the approval, journal the change, make it, and write that it was made."""
    change, approval = proposal.change, proposal.approval
    started: list[str] = []

    async def begin(tx: aiosqlite.Connection) -> None:
        # The digest is made again from the bytes about to be written; the approval fits these or nothing.
        if asked and not await approvals.consume(tx, approval.id, call_digest(proposal.bound_now(run))):
            raise ToolError(
                f"{change.path} changed after this was proposed", fix="Read it again and propose again"
            )
        started.append(await prepare_checkpoint(tx, run.id, row.id, change))
        await calls.update(tx, row.id, state="executing", checkpoint=started[0])

    try:
        await run.write(StateChanged(run=run.id, state=RunState.EXECUTING), also=begin)
    except ToolError:
        if asked:
            async with run.services.db.write() as tx:
                await approvals.invalidate(tx, approval.id, "the file changed after it was proposed")
        raise
    try:
        await make_change(run.services, change, f"CodeLab ({run.template.name})")
    except CodeLabError:
        async with run.services.db.write() as tx:
            await checkpoints.mark(tx, started[0], "undone")
        raise

    async def complete(tx: aiosqlite.Connection) -> None:
        await checkpoints.mark(tx, started[0], "applied")
        await calls.update(tx, row.id, state="done", result=summary)
        await messages.append(tx, run.id, Message("tool", f"{summary}.", call_id=call.id))

    added, removed = proposal.counts
    summary = f"{change.path} changed (+{added} -{removed})"
    await run.write(
        FileChanged(
            run=run.id, call=row.id, path=change.path, checkpoint=started[0], added=added, removed=removed
        ),
        ToolReturned(run=run.id, call=row.id, ok=True, summary=summary),
        StateChanged(run=run.id, state=RunState.PROCESSING),
        also=complete,
    )
