"""``codelab index``: bring the index up to date and say what is in it."""

import argparse

from codelab.cli.indexing import bring_index_up_to_date
from codelab.cli.opening import opened_workbench, run_async
from codelab.cli.reports import counted
from codelab.cli.terminal import Terminal
from codelab.index.types import IndexStatus

_LANGUAGES_SHOWN = 8
_SKIPPED_SHOWN = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments: none of its own."""


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Index to completion and report."""
    return run_async(_index(options, terminal))


async def _index(options: argparse.Namespace, terminal: Terminal) -> int:
    async with opened_workbench(options) as bench:
        status = await bring_index_up_to_date(bench, terminal)
    if terminal.as_json:
        terminal.show_json(
            {
                "files": status.files,
                "chunks": status.chunks,
                "symbols": status.symbols,
                "languages": status.languages,
                "searchable_seconds": status.searchable_seconds,
                "total_seconds": status.total_seconds,
                "skipped": [{"path": skipped.path, "reason": skipped.reason} for skipped in status.skipped],
            }
        )
    else:
        _show(status, terminal)
    return 0


def _show(status: IndexStatus, terminal: Terminal) -> None:
    sizes = (status.files, "file"), (status.chunks, "chunk"), (status.symbols, "symbol")
    terminal.show(", ".join(counted(number, noun) for number, noun in sizes))
    ordered = sorted(status.languages.items(), key=lambda item: (-item[1], item[0]))
    if ordered:
        terminal.show(", ".join(f"{name} {count:,}" for name, count in ordered[:_LANGUAGES_SHOWN]))
    for skipped in status.skipped[:_SKIPPED_SHOWN]:
        terminal.show(f"not indexed: {skipped.path}: {skipped.reason}")
    if len(status.skipped) > _SKIPPED_SHOWN:
        terminal.show(f"not indexed: {len(status.skipped) - _SKIPPED_SHOWN} more; --json lists all")
