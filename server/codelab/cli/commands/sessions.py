"""``codelab sessions``: runs whose face went away, to be resumed or ended."""

import argparse

from codelab.cli.commands.run import show_run
from codelab.cli.opening import opened_workbench, run_async
from codelab.cli.prompting import TerminalPrompter
from codelab.cli.reports import ending_code
from codelab.cli.runs import follow
from codelab.cli.terminal import Terminal


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    parser.set_defaults(action="list")
    listing = actions.add_parser("list", help="runs that nobody drives any more (default)")
    resume = actions.add_parser("resume", help="take up a run and follow it to its end")
    end = actions.add_parser("end", help="end a run; what it changed stays")
    for action in (resume, end):
        action.add_argument("run", help="the run's id")
    for action in (listing, resume, end):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        action.add_argument("--root", metavar="DIR", default=argparse.SUPPRESS, help="the workspace")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """List, resume or end."""
    return run_async(_sessions(options, terminal))


async def _sessions(options: argparse.Namespace, terminal: Terminal) -> int:
    async with opened_workbench(options) as bench:
        if options.action == "list":
            interrupted = await bench.interrupted()
            if terminal.as_json:
                terminal.show_json(
                    [
                        {
                            "run": one.run,
                            "session": one.session,
                            "agent": one.agent,
                            "task": one.task,
                            "state": one.state.value,
                            "message": one.message,
                        }
                        for one in interrupted
                    ]
                )
            elif not interrupted:
                terminal.note("No run is interrupted.")
            else:
                for one in interrupted:
                    terminal.show(f"{one.run}  {one.message}")
            return 0
        if options.action == "end":
            stopped = await bench.stop(options.run)
            if terminal.as_json:
                terminal.show_json({"ended": stopped})
            else:
                terminal.show(f"Ended {', '.join(stopped)}." if stopped else "It had already ended.")
            return 0
        if terminal.interactive:
            bench.attach(prompter=TerminalPrompter(bench, terminal))
        handle = await bench.resume(options.run)
        result, rest = await follow(bench, handle, terminal)
    if terminal.as_json:
        terminal.show_json(result.as_data())
    else:
        show_run(result, terminal, rest=rest)
    return ending_code(result, terminal)
