"""Taking stock of runs whose face went away: what was half done is settled, then they wait."""

import asyncio
from dataclasses import replace

from codelab.agents.changes import settle_checkpoint
from codelab.agents.services import Services
from codelab.core.errors import InputError
from codelab.core.events import RunState, StateChanged, ToolReturned
from codelab.store import approvals, calls, checkpoints, messages, runs
from codelab.store.connection import Connection
from codelab.store.runs import Run
from codelab.workspace.files import sweep_temporary
from codelab_models.wire import Message


async def settle_interrupted(services: Services) -> list[Run]:
    """Pause every unfinished run that no living face drives.

    A change that was under way is found made or not made, by the file's own bytes. An approval that was
    pending or given but not used is invalidated: when the run goes on it proposes afresh.

    Returns:
        The runs that wait to be taken up, oldest first.
    """
    async with services.db.read() as rx:
        unfinished = await runs.unfinished(rx)
    waiting = []
    for run in unfinished:
        if run.face and services.faces.alive(run.face):
            continue
        if run.state is not RunState.PAUSED and not await _settle(services, run):
            continue
        waiting.append(replace(run, state=RunState.PAUSED, face=""))
    return waiting


async def _settle(services: Services, run: Run) -> bool:
    """Pause one run; false if another face was quicker."""
    async with services.db.write() as tx:
        current = await runs.get(tx, run.id)
        if current.face != run.face or current.state.ended:
            return False
        await runs.update(tx, run.id, face=services.face)  # ours while we settle it
    await _settle_changes(services, run)
    async with services.db.write() as tx:
        for approval in await approvals.of_run(tx, run.id):
            if approval.state in ("pending", "approved"):
                await approvals.invalidate(tx, approval.id, "the run was interrupted")
        await runs.append_events(tx, run.id, [StateChanged(run=run.id, state=RunState.PAUSED)])
        await runs.update(tx, run.id, face="", state=RunState.PAUSED)
    return True


async def _settle_changes(services: Services, run: Run) -> None:
    async with services.db.read() as rx:
        executing = [row for row in await calls.of_run(rx, run.id) if row.state == "executing"]
    for row in executing:
        async with services.db.read() as rx:
            begun = [point for point in await checkpoints.of_run(rx, run.id) if point.call == row.id]
        await asyncio.to_thread(sweep_temporary, services.root, [point.path for point in begun])
        made = [point.path for point in begun if await settle_checkpoint(services, point)]
        if not made:  # no file was, or it was a command, of which nothing is kept
            async with services.db.write() as tx:
                await calls.update(
                    tx, row.id, state="failed", result="interrupted before the file was changed"
                )
            continue
        summary = f"{', '.join(made)} changed"
        model_call = row.id.partition("/")[2]
        async with services.db.write() as tx:
            await calls.update(tx, row.id, state="done", result=summary)
            await messages.append(tx, run.id, Message("tool", f"{summary}.", call_id=model_call))
            await runs.append_events(
                tx, run.id, [ToolReturned(run=run.id, call=row.id, ok=True, summary=summary)]
            )


async def claim(tx: Connection, services: Services, run_id: str) -> Run:
    """Take up a paused run for this face.

    Args:
        tx: A connection inside a transaction.
        services: The parts of this face.
        run_id: The run.

    Raises:
        NotFound: There is no such run.
        InputError: It has ended, or another face drives it.
    """
    run = await runs.get(tx, run_id)
    if run.state.ended:
        raise InputError(f"This run has ended: {run.state.value}", fix="Start a new one")
    if run.state is not RunState.PAUSED or (run.face and services.faces.alive(run.face)):
        raise InputError("This run is at work in another face", fix="Stop it there first")
    await runs.update(tx, run_id, face=services.face)
    return run
