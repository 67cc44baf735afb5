"""``codelab mcp``: serve MCP on standard input and output."""

import argparse

from codelab.cli.opening import run_async
from codelab.cli.root import chosen_root
from codelab.cli.terminal import Terminal
from codelab.core.errors import InputError
from codelab.core.stdio import take_standard_streams


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments: none of its own."""


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Serve until the client goes away."""
    root = chosen_root(options.root) if options.root is not None else None
    try:
        streams = take_standard_streams()
    except OSError as error:
        raise InputError("Standard input or output is closed", fix="Let an MCP client start this") from error

    from codelab.cli.lazy import open_workbench
    from codelab_mcp.serve import serve

    async def work() -> int:
        await serve(streams, open_workbench, root=root, find_default=lambda: chosen_root(None))
        return 0

    return run_async(work())
