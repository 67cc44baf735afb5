"""What ``codelab index`` answers: the report, the map, definitions, references, importers."""

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codelab.cli.terminal import Terminal
from codelab.core.errors import InputError
from codelab.core.wording import cause_of, counted
from codelab.index.knowledge.report import Report
from codelab.index.searching.labelled import Quality, judge, load_labelled
from codelab.index.types import DefinitionPlace, RequiredPackage

if TYPE_CHECKING:
    from codelab.workbench.workbench import Workbench

_LISTED = 10
_JUDGED = 10
_COMMITS = 5


async def _report(bench: "Workbench", options: argparse.Namespace, terminal: Terminal) -> None:
    queries = load_labelled(Path(options.labelled)) if options.labelled else []
    report = await bench.code.report()
    if queries:
        answers = [await bench.search(one.query, limit=_JUDGED) for one in queries]
        quality = judge(queries, answers, lambda path: (bench.root / path).is_file(), _JUDGED)
        report = replace(report, quality=quality)
    if options.svg:
        _write_picture(Path(options.svg), report)
        terminal.note(f"The picture is in {options.svg}")
    if terminal.as_json:
        terminal.show_json(report.as_data())
    else:
        terminal.show("\n".join(report_lines(report)))


def _write_picture(path: Path, report: Report) -> None:
    from codelab.index.knowledge.report_picture import picture

    try:
        path.write_text(picture(report), encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written", why=cause_of(error), fix="Choose another file"
        ) from error


def report_lines(report: Report) -> list[str]:
    """Return the report in sentences and short tables."""
    status = report.status
    branch = f", branch {report.branch}" if report.branch else ""
    lines = [
        f"{report.root}{branch}: {status.state}",
        f"  changed {_ago(report.seconds_since_change)},"
        f" all files compared {_ago(report.seconds_since_sweep)}",
        *(f"  {one.date[:10]} {one.hash[:10]} {one.subject}" for one in report.commits[:_COMMITS]),
        "",
        f"{counted(status.files, 'file')}, {counted(report.lines, 'line')},"
        f" {counted(status.symbols, 'symbol')}, {counted(status.chunks, 'chunk')}",
    ]
    lines += [
        f"  {one.language or 'text':<12} {one.files:>7,} files {one.lines:>9,} lines"
        f" {one.symbols:>8,} symbols"
        for one in report.languages
    ]
    lines += ["", *_listed("not indexed", [f"{s.path}: {s.reason}" for s in status.skipped])]
    imports = counted(report.imports, "import")
    lines.append(f"{report.imports_resolved:,} of {imports} lead to files of the workspace")
    lines += _listed("broken imports", [f"{b.path}:{b.line} {b.module}" for b in report.broken_imports])
    lines += _listed("files with syntax errors", [f"{e.path} ({e.errors})" for e in report.syntax_errors])
    lines += _listed(
        "templates, markup and styles read in part", [f"{e.path} ({e.errors})" for e in report.read_in_part]
    )
    lines += _listed("groups of equal files", [", ".join(paths) for paths in report.duplicates])
    lines += _near_duplicate_lines(report)
    lines += _listed("packages asked for", [_package(one) for one in report.dependencies])
    lines.append(f"{counted(report.contents, 'content')}, {report.reused:,} shared with other worktrees")
    lines.append(
        f"search: half within {report.search_p50_ms:.1f} ms, 95 of 100 within {report.search_p95_ms:.1f} ms"
        f" ({report.searches} searches for names of the workspace)"
    )
    return lines + (_quality_lines(report.quality) if report.quality else [])


def _near_duplicate_lines(report: Report) -> list[str]:
    if not report.compared:
        return ["nearly equal definitions: not looked for, since there are no vectors"]
    pairs = [
        f"{_place(one.first)} and {_place(one.second)} ({100 * one.alike:.0f}%)"
        for one in report.near_duplicates
    ]
    lines = _listed("pairs of nearly equal definitions", pairs)
    return lines if report.all_compared else [*lines, "  there was no time to compare all that look alike"]


def _place(definition: DefinitionPlace) -> str:
    return f"{definition.path}:{definition.start_line}-{definition.end_line}"


def _package(one: RequiredPackage) -> str:
    asked = f"{one.name} {one.constraint}".rstrip()
    return f"{asked} ({one.ecosystem}, {one.kind}) {one.path}:{one.line}"


def _quality_lines(quality: Quality) -> list[str]:
    left_out = f", {quality.left_out:,} left out: their files are not here" if quality.left_out else ""
    k = quality.k
    return [
        f"search by {quality.queries:,} labelled queries{left_out}:",
        f"  precision@{k} {quality.precision:.3f}, recall@{k} {quality.recall:.3f}, MRR {quality.mrr:.3f},"
        f" NDCG@{k} {quality.ndcg:.3f}, mean relevance {quality.mean_relevance:.3f}",
    ]


def _listed(title: str, items: list[str]) -> list[str]:
    lines = [f"{title}: {len(items) or 'none'}", *(f"  {item}" for item in items[:_LISTED])]
    if len(items) > _LISTED:
        lines.append(f"  {len(items) - _LISTED:,} more; --json lists all")
    return lines


def _ago(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{counted(int(seconds / length), unit)} ago"
    return f"{counted(int(seconds), 'second')} ago"


async def _map(bench: "Workbench", options: argparse.Namespace, terminal: Terminal) -> None:
    drawn = await bench.code.repo_map(tokens=options.tokens, files=options.names, words=options.words)
    if terminal.as_json:
        terminal.show_json(asdict(drawn))
    else:
        terminal.show(drawn.text)
        files = f"{counted(len(drawn.files), 'file')} of {drawn.files_total:,}"
        terminal.note(f"{files}, about {counted(drawn.tokens, 'token')}")


async def _symbol(bench: "Workbench", options: argparse.Namespace, terminal: Terminal) -> None:
    found = await bench.code.definitions(options.name)
    if terminal.as_json:
        terminal.show_json([asdict(one.symbol) for one in found])
        return
    for one in found:
        symbol = one.symbol
        terminal.show(
            f"{symbol.path}:{symbol.start_line}-{symbol.end_line}  {symbol.kind} {symbol.qualified}"
        )
        terminal.show_grey(f"    {symbol.signature}")
    if not found:
        terminal.note("Nothing is defined by that name.")


async def _references(bench: "Workbench", options: argparse.Namespace, terminal: Terminal) -> None:
    found = await bench.code.references(options.name, limit=1000)
    if terminal.as_json:
        terminal.show_json([asdict(one) for one in found])
        return
    for one in found:
        terminal.show(str(one))
    if not found:
        terminal.note("No use was found.")


async def _importers(bench: "Workbench", options: argparse.Namespace, terminal: Terminal) -> None:
    found = await bench.code.importers(options.name)
    if not found:
        await bench.read_range(options.name, 1, 1)  # which says so where there is no such file
    if terminal.as_json:
        terminal.show_json(found)
        return
    for path in found:
        terminal.show(path)
    if not found:
        terminal.note("Nothing imports it.")


ANSWERS: dict[str, Callable[["Workbench", argparse.Namespace, Terminal], Awaitable[None]]] = {
    "report": _report,
    "map": _map,
    "symbol": _symbol,
    "references": _references,
    "importers": _importers,
}
