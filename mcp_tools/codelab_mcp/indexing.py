"""Waiting for the index within a call."""

import asyncio
from typing import TYPE_CHECKING

from mcp.server.mcpserver import Context

from codelab.core.errors import StateError
from codelab.core.wording import counted
from codelab.index.types import IndexStatus

if TYPE_CHECKING:
    from codelab.workbench.workbench import Workbench

_PATIENCE_SECONDS = 45.0  # many clients give a call a minute


async def until_indexed(bench: "Workbench", ctx: Context) -> IndexStatus:
    """Wait until the index is fresh, telling its progress; a large one is used as far as it is built.

    Raises:
        StateError: The index could not be built.
    """
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            async for status in bench.index_progress():
                if status.state == "building" and status.total:
                    message = f"Indexing {status.files:,} of {counted(status.total, 'file')}"
                    await ctx.report_progress(status.files, status.total, message)
    except TimeoutError:
        pass
    status = await bench.index_status()
    if status.state == "failed":
        raise StateError(
            "The index could not be built",
            why=status.last_error,
            fix="The person can run `codelab doctor`",
        )
    return status
