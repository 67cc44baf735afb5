"""``codelab search``: passages of code for a query."""

import argparse
from typing import TYPE_CHECKING

from codelab.cli.indexing import bring_index_up_to_date
from codelab.cli.lines import InputLines
from codelab.cli.numbers import whole_number
from codelab.cli.opening import opened_workbench, run_async
from codelab.cli.passages import show_lines, show_passage
from codelab.cli.reports import hit_data
from codelab.cli.terminal import Terminal
from codelab.core.errors import InputError
from codelab.index.searching.query import understand
from codelab.index.types import Hit

if TYPE_CHECKING:
    from codelab.workbench.workbench import Workbench

_MOST_CONTEXT = 1000


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("query", nargs="*", help="what to look for: words, a name, a question")
    parser.add_argument(
        "-n", "--limit", type=whole_number(1), default=10, metavar="N", help="most passages (10)"
    )
    parser.add_argument("--path", default="", metavar="GLOB", help="only files that match, e.g. 'src/**'")
    parser.add_argument("--language", default="", help="only this language, e.g. python or py")
    parser.add_argument("--kind", default="", help="only this kind: function, method, class, section, ...")
    parser.add_argument(
        "--context",
        type=whole_number(0, _MOST_CONTEXT),
        metavar="N",
        help="show the passages, with N lines around each",
    )
    parser.add_argument("--explain", action="store_true", help="show why each passage ranks where it does")
    parser.add_argument("--stdin", action="store_true", help="read one query per line, answer one line each")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Search and show the passages.

    Raises:
        InputError: There is no query, or one beside ``--stdin``; or no such language, kind or path.
    """
    if bool(" ".join(options.query).strip()) == options.stdin:
        raise InputError("There must be one query", fix="Give it as an argument, or many with --stdin")
    return run_async(_search(options, terminal))


async def _search(options: argparse.Namespace, terminal: Terminal) -> int:
    async with opened_workbench(options) as bench:
        await bring_index_up_to_date(bench, terminal, vectors=bench.embeds_by_itself)

        async def hits(query: str) -> list[Hit]:
            return await bench.search(
                query, limit=options.limit, path=options.path, language=options.language, kind=options.kind
            )

        if not options.stdin:
            found = await hits(" ".join(options.query))
            if terminal.as_json:
                terminal.show_json([hit_data(hit, explained=options.explain) for hit in found])
            else:
                await _show(found, bench, options, terminal)
            return 0
        lines = InputLines()
        while (line := await lines.next()) is not None:
            found = await hits(line.strip()) if line.strip() else []
            if terminal.as_json:
                terminal.show_json([hit_data(hit, explained=options.explain) for hit in found], indent=None)
            else:
                terminal.show("  ".join(str(hit.span) for hit in found) or "-")
                terminal.flush()
    return 0


async def _show(
    found: list[Hit], bench: "Workbench", options: argparse.Namespace, terminal: Terminal
) -> None:
    if not found:
        terminal.note("Nothing found.")
        return
    terms = understand(" ".join(options.query)).terms
    for at, hit in enumerate(found):
        if at and (terminal.streams or options.context is not None):
            terminal.show("" if terminal.streams else "--")
        text, first_line = await _with_context(hit, bench, options.context or 0)
        if terminal.streams:
            show_passage(hit, text, terminal, first_line=first_line, terms=terms, root=bench.root)
        else:
            show_lines(
                hit, text, terminal, first_line=first_line, root=bench.root, whole=options.context is not None
            )
        _show_reasons(hit, options, terminal)


def _show_reasons(hit: Hit, options: argparse.Namespace, terminal: Terminal) -> None:
    for one in hit.reasons if options.explain else ():
        amount = f"x{one.amount:.3g}" if one.multiplies else f"{one.amount:+.3g}"
        terminal.show(f"    {amount:<7} {one.what}")


async def _with_context(hit: Hit, bench: "Workbench", lines: int) -> tuple[str, int]:
    """Return a passage with lines around it, and the number of the first."""
    if lines:
        first = max(1, hit.start_line - lines)
        try:
            read = await bench.read_range(hit.path, first, hit.end_line + lines)
        except InputError:  # gone since it was found
            return hit.text, hit.start_line
        return read.text, first
    return hit.text, hit.start_line
