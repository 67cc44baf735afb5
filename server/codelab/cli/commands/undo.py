"""``codelab undo``: put back what the last change of an agent replaced."""

import argparse

from codelab.cli.opening import opened_workbench, run_async
from codelab.cli.terminal import Terminal


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("checkpoint", nargs="?", default="", help="which change; default: the last one")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Undo and say what was put back."""
    return run_async(_undo(options, terminal))


async def _undo(options: argparse.Namespace, terminal: Terminal) -> int:
    async with opened_workbench(options) as bench:
        undone = await bench.undo(options.checkpoint)
    if terminal.as_json:
        terminal.show_json({"paths": list(undone.paths), "message": undone.message})
    else:
        terminal.show(undone.message)
    return 0
