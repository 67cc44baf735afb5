"""``codelab index``: bring the index up to date, say how it stands, pause it; how the code hangs together."""

import argparse
from typing import TYPE_CHECKING

from codelab.cli.index_answers import ANSWERS
from codelab.cli.indexing import bring_index_up_to_date
from codelab.cli.numbers import whole_number
from codelab.cli.opening import opened_workbench, run_async
from codelab.cli.reports import Data
from codelab.cli.terminal import Terminal
from codelab.core.wording import counted
from codelab.index.types import IndexStatus
from codelab.workbench.index_line import index_line

if TYPE_CHECKING:
    from codelab.workbench.workbench import Workbench

_FEWEST_TOKENS = 50  # of a map: less is room for nothing
_LANGUAGES_SHOWN = 8
_SKIPPED_SHOWN = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    parser.set_defaults(action="")
    status = actions.add_parser("status", help="how it stands, without waiting for anything")
    pause = actions.add_parser("pause", help="index no more, here and in all editors; search works on")
    resume = actions.add_parser("resume", help="let it go on")
    report = actions.add_parser(
        "report", help="how good it is: coverage, broken imports, errors, repetitions, speed"
    )
    report.add_argument("--svg", metavar="FILE", help="write it as a picture too")
    report.add_argument(
        "--labelled", metavar="FILE", help="judge search by queries whose answers are known (JSON)"
    )
    drawn = actions.add_parser("map", help="the most used definitions of all files")
    drawn.add_argument("names", nargs="*", metavar="FILE", help="files or folders that it should be about")
    drawn.add_argument(
        "--tokens", type=whole_number(_FEWEST_TOKENS), default=1500, metavar="N", help="most tokens (1500)"
    )
    drawn.add_argument("--words", default="", help="words that it should be about")
    symbol = actions.add_parser("symbol", help="where a name is defined")
    references = actions.add_parser("references", help="where a name is used")
    for action in (symbol, references):
        action.add_argument("name", metavar="NAME", help="such as send or Client.send")
    importers = actions.add_parser("importers", help="which files import a file")
    importers.add_argument("name", metavar="FILE", help="the file")
    for action in (status, pause, resume, report, drawn, symbol, references, importers):
        # Also accepted behind the action; where it is absent there, what stood before it must stay.
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        action.add_argument("--root", metavar="DIR", default=argparse.SUPPRESS, help="the workspace")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Index to completion and report; or only look, pause, or resume."""
    return run_async(_index(options, terminal))


async def _index(options: argparse.Namespace, terminal: Terminal) -> int:
    async with opened_workbench(options) as bench:
        if options.action in {"status", "pause", "resume"}:
            await _look(options.action, bench, terminal)
            return 0
        status = await bring_index_up_to_date(bench, terminal)
        if options.action in ANSWERS:
            await ANSWERS[options.action](bench, options, terminal)
            return 0
    if terminal.as_json:
        terminal.show_json(_data(status))
    else:
        _show(status, terminal)
    return 0


async def _look(action: str, bench: "Workbench", terminal: Terminal) -> None:
    if action == "pause":
        await bench.pause_index()
    elif action == "resume":
        await bench.resume_index()
    status = await bench.index_status(start=False)
    at_work = await bench.is_indexed_by_a_worker()
    if terminal.as_json:
        told = {"state": status.state, "worker": at_work, "total": status.total}
        terminal.show_json({**told, "last_error": status.last_error, **_data(status)})
        return
    terminal.show(index_line(status))
    if status.last_error and status.state != "failed":
        terminal.show(f"last error: {status.last_error}")
    if status.state == "paused":
        terminal.note("`codelab index resume` lets it go on.")
    elif not at_work:
        terminal.note("Changes are not followed now: an editor or `codelab mcp` does that while it runs.")
    _show(status, terminal)


def _data(status: IndexStatus) -> Data:
    return {
        "files": status.files,
        "chunks": status.chunks,
        "symbols": status.symbols,
        "languages": status.languages,
        "searchable_seconds": status.searchable_seconds,
        "total_seconds": status.total_seconds,
        "embedder": status.embedder,
        "embedded": status.embedded,
        "embedding_error": status.embedding_error,
        "skipped": [{"path": skipped.path, "reason": skipped.reason} for skipped in status.skipped],
    }


def _show(status: IndexStatus, terminal: Terminal) -> None:
    sizes = (status.files, "file"), (status.chunks, "chunk"), (status.symbols, "symbol")
    terminal.show(", ".join(counted(number, noun) for number, noun in sizes))
    ordered = sorted(status.languages.items(), key=lambda item: (-item[1], item[0]))
    if ordered:
        terminal.show(", ".join(f"{name} {count:,}" for name, count in ordered[:_LANGUAGES_SHOWN]))
    if status.embedder or status.embedding_error:
        chunks, embedder = counted(status.embedded, "chunk"), status.embedder or "no embedder yet"
        terminal.show(f"{chunks} with vectors of {embedder}")
    if status.embedding_error:
        terminal.show(f"not embedded: {status.embedding_error}")
    for skipped in status.skipped[:_SKIPPED_SHOWN]:
        terminal.show(f"not indexed: {skipped.path}: {skipped.reason}")
    if len(status.skipped) > _SKIPPED_SHOWN:
        terminal.show(f"not indexed: {len(status.skipped) - _SKIPPED_SHOWN} more; --json lists all")
