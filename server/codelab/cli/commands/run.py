"""``codelab run``: let an agent change the code, each change approved by the person."""

import argparse

from codelab.cli.opening import opened_workbench, run_async
from codelab.cli.prompting import TerminalPrompter
from codelab.cli.reports import ending_code
from codelab.cli.runs import follow
from codelab.cli.terminal import Terminal
from codelab.workbench.types import Mode, RunResult


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("task", nargs="+", help="what to do, in your own words")
    parser.add_argument(
        "--mode",
        choices=[mode.value for mode in Mode],
        help="how changes of this session are approved: ask before each (as in a new one), only plan, or let "
        "edits inside the workspace pass",
    )
    parser.add_argument(
        "--wait",
        action="store_true",
        help="without a terminal, wait for an answer from an editor or `codelab approvals`",
    )
    parser.add_argument("--session", default="", metavar="ID", help="continue an earlier conversation")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Run the task and show what became of it."""
    return run_async(_run(options, terminal))


async def _run(options: argparse.Namespace, terminal: Terminal) -> int:
    mode = Mode(options.mode) if options.mode else None
    async with opened_workbench(options) as bench:
        if terminal.interactive:
            bench.attach(prompter=TerminalPrompter(bench, terminal))
        handle = await bench.act(
            " ".join(options.task),
            session=options.session,
            mode=mode,
            wait=options.wait,
        )
        result, rest = await follow(bench, handle, terminal)
    if terminal.as_json:
        terminal.show_json(result.as_data())
    else:
        show_run(result, terminal, rest=rest)
    return ending_code(result, terminal)


def show_run(result: RunResult, terminal: Terminal, *, rest: str) -> None:
    """Show a run's result to a person.

    Args:
        result: The run.
        terminal: Where to.
        rest: What of its answer has not streamed yet.
    """
    if rest.strip():
        terminal.show_markdown(rest.strip("\n"))
    for file in result.changed:
        terminal.show(f"changed {file.path} (+{file.added} -{file.removed})")
    for limit in result.limits:
        terminal.note(f"Reached the limit of {limit}.")
    if result.changed:
        terminal.note("`codelab undo` puts back what was there.")
    cost = f" - {result.cost_usd:.2f} USD" if result.cost_usd else ""
    model = f" - {result.model}" if result.model else ""
    terminal.show_grey(f"{result.agent}{model} - {result.tokens:,} tokens{cost}")
