"""``codelab audit``: check, show or export the log of what was decided and done in a workspace."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from codelab.cli.numbers import whole_number
from codelab.cli.opening import run_async
from codelab.cli.reports import Data
from codelab.cli.root import chosen_root
from codelab.cli.terminal import Terminal
from codelab.config.places import Places, find_places
from codelab.core.errors import InputError, StateError
from codelab.core.wording import cause_of, counted
from codelab.store import audit
from codelab.store.audit import AuditKind
from codelab.store.audit_chain import AuditRow, AuditVerdict, check
from codelab.store.audit_mirror import read_head
from codelab.store.state import StateDb

_SHOWN = 50
_BROKEN = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    parser.set_defaults(action="verify")
    verify = actions.add_parser("verify", help="check that nothing was changed, removed or moved (default)")
    show = actions.add_parser("show", help="the last rows, in words")
    show.add_argument(
        "-n", type=whole_number(0), default=_SHOWN, metavar="N", help=f"so many ({_SHOWN}); 0 for all"
    )
    show.add_argument("--run", default="", metavar="ID", help="only those of this run")
    show.add_argument("--session", default="", metavar="ID", help="only those of this session")
    show.add_argument("--kind", default="", choices=[kind.value for kind in AuditKind], metavar="KIND")
    export = actions.add_parser("export", help="all rows, one JSON document a line")
    export.add_argument("file", nargs="?", default="", metavar="FILE", help="a new file; else the output")
    for action in (verify, show, export):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        action.add_argument("--root", metavar="DIR", default=argparse.SUPPRESS, help="the workspace")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Check, show or export."""
    return run_async(_audit(options, terminal))


async def _audit(options: argparse.Namespace, terminal: Terminal) -> int:
    places, root = find_places(), chosen_root(options.root)
    if options.action == "verify":
        verdict = await verdict_on(places, root)
        _tell(verdict, terminal)
        return 0 if verdict.whole else _BROKEN
    async with await StateDb.open(places.state_db(root)) as db, db.read() as rx:
        chosen = (
            {"run": options.run, "session": options.session, "kind": options.kind, "last": options.n}
            if options.action == "show"
            else {}
        )
        rows = await audit.list_rows(rx, **chosen)
    if options.action == "export":
        _export(rows, options.file, terminal)
    elif terminal.as_json:
        terminal.show_json([row_data(row) for row in rows])
    else:
        for row in rows:
            terminal.show(_line(row))
        if not rows:
            terminal.note("Nothing is in the log.")
    return 0


async def verdict_on(places: Places, root: Path) -> AuditVerdict:
    """Return whether the audit log of a workspace is whole.

    Args:
        places: Where CodeLab keeps its files.
        root: The workspace.

    Raises:
        StateError: The database cannot be read.
    """
    async with await StateDb.open(places.state_db(root)) as db, db.read() as rx:
        rows = await audit.list_rows(rx)
    try:
        head = read_head(places.audit_head(root))
    except StateError as error:
        return AuditVerdict(len(rows), why=f"{error.what}: {error.why}")
    return check(rows, head)


def row_data(row: AuditRow) -> Data:
    """Return a row of the log for programs."""
    return {
        "seq": row.seq,
        "at": row.at,
        "session": row.session,
        "run": row.run,
        "client": row.client,
        "kind": row.kind,
        "data": row.data,
        "data_hash": row.data_hash,
        "previous": row.previous,
        "hash": row.hash,
    }


def _tell(verdict: AuditVerdict, terminal: Terminal) -> None:
    if terminal.as_json:
        terminal.show_json(
            {
                "whole": verdict.whole,
                "rows": verdict.rows,
                "broken": verdict.broken,
                "why": verdict.why,
                "unmirrored": verdict.unmirrored,
            }
        )
    elif verdict.whole:
        terminal.show(f"The audit log is whole: {counted(verdict.rows, 'row')}.")
        if verdict.unmirrored:
            more = counted(verdict.unmirrored, "row")
            terminal.note(f"{more} at its end came after the second file: a process ended between both.")
    else:
        row = f"row {verdict.broken}: " if verdict.broken is not None else ""
        terminal.show(f"The audit log is broken: {row}{verdict.why}.")


def _line(row: AuditRow) -> str:
    at = datetime.fromtimestamp(row.at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    told = {name: value for name, value in row.content.items() if name != "salt" and value not in ("", None)}
    data = " ".join(f"{name}={_value(value)}" for name, value in told.items()) if row.data else "(deleted)"
    return f"{row.seq}  {at}  {row.client or '-'}  {row.run or '-'}  {row.kind}  {data}"


def _value(value: object) -> str:
    return value if isinstance(value, str) and " " not in value else json.dumps(value)


def _export(rows: list[AuditRow], file: str, terminal: Terminal) -> None:
    lines = [json.dumps(row_data(row)) for row in rows]
    if not file:
        for line in lines:
            terminal.show(line)
        return
    try:
        with Path(file).open("x", encoding="utf-8") as stream:
            stream.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise InputError(f"{file} cannot be written", why=cause_of(error), fix="Name another file") from error
    if terminal.as_json:
        terminal.show_json({"file": file, "rows": len(rows)})
    else:
        terminal.show(f"Wrote {counted(len(rows), 'row')} to {file}.")
