"""``codelab status``: what is going on in the workspace."""

import argparse

from codelab.cli.opening import opened_workbench, run_async
from codelab.cli.terminal import Terminal


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments: none of its own."""


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Show the state of index, runs, approvals, model and trust."""
    return run_async(_status(options, terminal))


async def _status(options: argparse.Namespace, terminal: Terminal) -> int:
    async with opened_workbench(options) as bench:
        status = await bench.status()
    if terminal.as_json:
        terminal.show_json(
            {
                "index": status.index_state,
                "runs_active": status.runs_active,
                "approvals_pending": status.approvals_pending,
                "model": status.model,
                "trusted": status.trusted,
                "undo_available": status.undo_available,
                "lines": list(status.lines),
            }
        )
    else:
        for line in status.lines:
            terminal.show(line)
    return 0
