"""Limits by the hour of all faces of the person together: file operations and approvals."""

import time

from codelab.agents.run import ActiveRun
from codelab.core.events import Noted
from codelab.store import operations
from codelab.tools.contract import ToolError

FILE_OPERATIONS = "file operations"
APPROVALS = "approvals"

_WARN_AT = 0.8  # of a limit


async def count_operations(run: ActiveRun, kind: str, number: int) -> None:
    """Count what is about to be done; the person is told once in a run when a limit is near.

    Args:
        run: The run that does it.
        kind: ``FILE_OPERATIONS`` or ``APPROVALS``.
        number: How often.

    Raises:
        ToolError: The limit is reached; nothing was counted.
    """
    if number < 1:
        return
    settings = run.services.settings.limits
    limit, setting = {
        FILE_OPERATIONS: (settings.file_operations_per_hour, "limits.file_operations_per_hour"),
        APPROVALS: (settings.approvals_per_hour, "limits.approvals_per_hour"),
    }[kind]
    minute = int(time.time() // 60)
    async with run.services.user.write() as tx:
        count, oldest = await operations.in_last_hour(tx, kind, minute)
        if count + number <= limit:
            await operations.add(tx, kind, number, minute)
    if count + number > limit:
        free = oldest + operations.MINUTES - minute
        raise ToolError(
            f"The limit of {limit:,} {kind} in an hour is reached",
            why=f"{count:,} were counted in all your sessions; the first are forgotten in {free} min",
            fix=f"Finish with what there is; the person can raise {setting}",
        )
    noted = f"near {kind}"
    if count + number >= limit * _WARN_AT and noted not in run.noted:
        run.noted.add(noted)
        text = f"{count + number:,} of {limit:,} {kind} in an hour are used ({setting})"
        await run.write(Noted(run=run.id, text=text))
