"""How a run ended, gathered from what was stored."""

from collections.abc import Sequence

from codelab.agents.run import ActiveRun
from codelab.core.events import RunEnded
from codelab.core.positions import LineSpan
from codelab.store import approvals, checkpoints, runs
from codelab.store.approvals import Approval
from codelab.store.checkpoints import Checkpoint
from codelab.store.connection import Connection
from codelab.workbench.types import ChangedFile, RunResult
from codelab.workspace.edits import count_changes, unified_diff
from codelab.workspace.files import decode


async def result_of(active: ActiveRun) -> RunResult:
    """Return how a run stands."""
    async with active.services.db.read() as rx:
        row = await runs.get(rx, active.id)
        asked = [(approval.id, shown_state(approval)) for approval in await approvals.of_run(rx, row.id)]
        lost = active.unstored
        return RunResult(
            run=row.id,
            session=row.session,
            state=row.state if lost is None else lost.state,
            agent=row.agent,
            model=row.model,
            answer=row.answer,
            sources=await _sources(rx, row.id),
            changed=await changed_files(rx, row.id),
            approvals=tuple(asked),
            tokens=row.tokens,
            cost_usd=row.cost_usd,
            limits=tuple(active.reached),
            error=row.error if lost is None else lost.error,
            mode=row.mode,
        )


def shown_state(approval: Approval) -> str:
    """Return an approval's state as people know it: one that was used is approved."""
    if approval.edited is not None:
        return "edited"
    return "approved" if approval.state == "consumed" else approval.state


async def changed_files(rx: Connection, run: str) -> tuple[ChangedFile, ...]:
    """Return the changes of a run that stand, in order."""
    made = [checkpoint for checkpoint in await checkpoints.of_run(rx, run) if checkpoint.state == "applied"]
    return tuple([await changed_file(rx, checkpoint) for checkpoint in made])


async def changed_file(rx: Connection, checkpoint: Checkpoint) -> ChangedFile:
    """Return a change with its diff."""
    before = await _text(rx, checkpoint.path, checkpoint.before_blob)
    after = await _text(rx, checkpoint.path, checkpoint.after_blob)
    added, removed = count_changes(before, after)
    diff = unified_diff(checkpoint.path, before, after)
    return ChangedFile(checkpoint.path, diff, added, removed, checkpoint.id)


def joined(files: Sequence[ChangedFile]) -> ChangedFile:
    """Return changes that were made together as one: what an undo puts back, to be shown to a person."""
    if len(files) == 1:
        return files[0]
    added, removed = (
        sum(counts) for counts in zip(*((one.added, one.removed) for one in files), strict=True)
    )
    diff = "".join(one.diff for one in files)
    return ChangedFile(", ".join(one.path for one in files), diff, added, removed, files[-1].checkpoint)


async def _text(rx: Connection, path: str, blob: str | None) -> str:
    return decode(path, await checkpoints.content(rx, blob)).text if blob else ""


async def _sources(rx: Connection, run: str) -> tuple[LineSpan, ...]:
    ended = [event for event in await runs.events(rx, run) if isinstance(event, RunEnded)]
    return ended[-1].sources if ended else ()
