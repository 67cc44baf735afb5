"""What ``status`` says."""

from codelab.agents.services import Services
from codelab.index.types import IndexStatus
from codelab.store import approvals, checkpoints, runs
from codelab.workbench.index_line import index_line
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
