"""``codelab ask``: a question about the code, answered with its sources."""

import argparse
import time

from codelab.cli.indexing import bring_index_up_to_date
from codelab.cli.opening import opened_workbench, run_async
from codelab.cli.reports import ending_code, source_data
from codelab.cli.runs import follow
from codelab.cli.terminal import Terminal
from codelab.core.events import RunState
from codelab.core.wording import counted
from codelab.workbench.types import RunResult


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("question", nargs="+", help="the question, in your own words")
    parser.add_argument("--session", default="", metavar="ID", help="continue an earlier conversation")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Ask and show the answer."""
    return run_async(_ask(options, terminal))


async def _ask(options: argparse.Namespace, terminal: Terminal) -> int:
    started = time.monotonic()
    async with opened_workbench(options) as bench:
        await bring_index_up_to_date(bench, terminal, vectors=bench.embeds_by_itself)
        handle = await bench.ask(" ".join(options.question), session=options.session)
        result, rest = await follow(bench, handle, terminal, lasting=False)
    failed = result.state is RunState.FAILED  # then there is no answer, only the error
    if terminal.as_json:
        terminal.show_json(
            {
                "answer": "" if failed else result.answer,
                "sources": [source_data(source) for source in result.sources],
                "agent": result.agent,
                "model": result.model,
                "run": result.run,
            }
        )
    elif rest.strip() and not failed:
        terminal.show_markdown(rest.strip("\n"))
    if not terminal.as_json and result.model and not failed:
        _show_sources_and_costs(result, terminal, time.monotonic() - started)
    return ending_code(result, terminal)


def _show_sources_and_costs(result: RunResult, terminal: Terminal, seconds: float) -> None:
    if result.sources:
        terminal.show("\nSources:")
        for source in result.sources:
            terminal.show(f"  {source}")
    cited = f"{counted(len({source.path for source in result.sources}), 'file')} cited"
    terminal.show_grey(f"{result.agent} - {result.model} - {cited} - {seconds:.1f} s")
