"""What ``status`` says."""

import time

from codelab.agents.services import Services
from codelab.index.types import IndexStatus
from codelab.store import approvals, checkpoints, runs
from codelab.workbench.types import WorkbenchStatus


async def status_of(
    services: Services, index: IndexStatus, *, trusted: bool, notes: tuple[str, ...]
) -> WorkbenchStatus:
    """Return what is going on in a workspace.

    Args:
        services: The parts of this face.
        index: How the index stands.
        trusted: Whether the person trusts the workspace.
        notes: What the person should know about the settings.
    """
    async with services.db.read() as rx:
        unfinished = await runs.unfinished(rx)
        pending = await approvals.list_approvals(rx, "pending")
        undoable = await checkpoints.latest_applied(rx)
    model = services.settings.models.chat or services.settings.models.endpoint
    lines = [
        index_line(index),
        f"runs: {len(unfinished) or 'none'} under way or waiting",
        f"approvals: {len(pending) or 'none'} waiting for an answer",
        f"model: {model}" if services.model is not None else f"model: none. {services.model_help}",
        f"undo: {undoable.path}" if undoable is not None else "undo: nothing to undo",
        *notes,
    ]
    return WorkbenchStatus(
        lines=tuple(lines),
        index_state=index.state,
        runs_active=len(unfinished),
        approvals_pending=len(pending),
        model=model,
        trusted=trusted,
        undo_available=undoable is not None,
    )


def index_line(index: IndexStatus) -> str:
    """Return in one line how the index stands."""
    if index.state == "paused":
        return f"index: paused, {index.files:,} of {max(index.files, index.total):,} files"
    if index.state == "fresh":
        return f"index: fresh, {index.files:,} files ({_ago(index.updated_at)})"
    if index.state == "failed":
        return f"index: failed. {index.last_error}"
    if index.state == "building" and index.updated_at and index.files >= index.total:
        return f"index: {index.files:,} files ({_ago(index.updated_at)}), being looked through again"
    if index.state == "building":
        return f"index: building, {index.files:,} of {index.total:,} files"
    return "index: none yet"


def _ago(moment: float) -> str:
    seconds = max(0, int(time.time() - moment))
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {name} ago"
    return f"{seconds} s ago"
