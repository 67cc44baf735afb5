"""Opening the workbench for a command and running it to its end."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from codelab.cli.root import chosen_root

if TYPE_CHECKING:
    from codelab.workbench.workbench import Workbench


def run_async(work: Coroutine[object, object, int]) -> int:
    """Run a command's coroutine; Ctrl-C cancels it, so that it ends cleanly, then KeyboardInterrupt."""
    return asyncio.run(work)


@asynccontextmanager
async def opened_workbench(options: argparse.Namespace) -> "AsyncIterator[Workbench]":
    """Open the workspace that the options name and close it again.

    Raises:
        InputError: The root cannot be a workspace.
        StateError: Its databases cannot be used.
    """
    root = chosen_root(options.root)
    from codelab.cli.compose import open_workbench
    from codelab.workbench.types import FaceInfo

    bench = await open_workbench(root, FaceInfo("cli", "command line", can_prompt=False))
    try:
        yield bench
    finally:
        await asyncio.shield(bench.close())
