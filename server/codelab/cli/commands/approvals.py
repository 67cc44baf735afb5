"""``codelab approvals``: list and answer what waits for the person's yes; standing rules; figures."""

import argparse
import asyncio
import time
from typing import TYPE_CHECKING

from codelab.cli.approval_reports import (
    approval_data,
    rule_data,
    show_approval,
    show_figures,
    show_rules,
)
from codelab.cli.editing import edit_in_editor
from codelab.cli.lines import InputLines
from codelab.cli.opening import opened_workbench, run_async
from codelab.cli.terminal import Terminal
from codelab.core.errors import InputError
from codelab.workbench.types import ApprovalView, Decision, Verdict

if TYPE_CHECKING:
    from codelab.workbench.workbench import Workbench

_NOT_COUNTED = 1
_PROPOSED_AGAIN_SECONDS = 30.0  # the run makes the edited proposal at once, where it is alive


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    parser.set_defaults(action="list", all=False)
    listing = actions.add_parser("list", help="what is pending (default)")
    listing.add_argument("--all", action="store_true", help="also what was answered or has expired")
    show = actions.add_parser("show", help="all of one approval")
    approve = actions.add_parser("approve", help="say yes to exactly what `show` shows")
    reject = actions.add_parser("reject", help="say no")
    edit = actions.add_parser("edit", help="change the text or the command in $EDITOR, then say yes or no")
    for action in (show, approve, reject, edit):
        action.add_argument("id", help="the approval; a unique beginning is enough")
    approve.add_argument(
        "--always", action="store_true", help="and give the standing rule that `show` offers"
    )
    reject.add_argument("--reason", default="", help="why not; the agent reads it")
    rules = actions.add_parser("rules", help="what you said not to be asked about again")
    rules.add_argument(
        "what",
        nargs="?",
        choices=("list", "remove"),
        default="list",
        metavar="list or remove",
        help="default: list",
    )
    rules.add_argument("id", nargs="?", default="", help="the rule to remove; a unique beginning is enough")
    rules.add_argument("--all", action="store_true", help="also those that hold no more")
    stats = actions.add_parser("stats", help="how often you were asked and what you answered")
    for action in (listing, show, approve, reject, edit, rules, stats):
        # Also accepted behind the action; where it is absent there, what stood before it must stay.
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        action.add_argument("--root", metavar="DIR", default=argparse.SUPPRESS, help="the workspace")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """List, show, answer or edit."""
    return run_async(_approvals(options, terminal))


async def _approvals(options: argparse.Namespace, terminal: Terminal) -> int:
    async with opened_workbench(options) as bench:
        match options.action:
            case "list":
                return await _list(bench, options, terminal)
            case "rules":
                return await _rules(bench, options, terminal)
            case "stats":
                show_figures(await bench.rules.figures(), terminal)
                return 0
        approval = await bench.approval(options.id)
        match options.action:
            case "show":
                show_approval(approval, terminal)
                return 0
            case "edit":
                return await _edit(bench, approval, terminal)
            case "approve":
                decision = await bench.decide(approval.id, Verdict.APPROVED, always=options.always)
            case _:
                decision = await bench.decide(approval.id, Verdict.REJECTED, reason=options.reason)
    return _told(approval, decision, terminal)


async def _list(bench: "Workbench", options: argparse.Namespace, terminal: Terminal) -> int:
    found = await bench.approvals(state="" if options.all else "pending")
    if terminal.as_json:
        terminal.show_json([approval_data(approval) for approval in found])
    elif not found:
        terminal.note("Nothing waits for approval.")
    else:
        for approval in found:
            state = "" if approval.state == "pending" else f"  {approval.state}"
            terminal.show(f"{approval.id}  {approval.title}  [{approval.asked_by}]{state}")
    return 0


async def _rules(bench: "Workbench", options: argparse.Namespace, terminal: Terminal) -> int:
    if options.what == "remove":
        if not options.id:
            raise InputError("Which rule is to be removed?", fix="See `codelab approvals rules`")
        removed = await bench.rules.remove(options.id)
        if terminal.as_json:
            terminal.show_json(rule_data(removed))
        else:
            terminal.show(f"Removed: {removed.words}. You are asked again from now on.")
        return 0
    show_rules(await bench.rules.list(ended=options.all), time.time(), terminal)
    return 0


async def _edit(bench: "Workbench", approval: ApprovalView, terminal: Terminal) -> int:
    if approval.state != "pending":
        return _told(approval, Decision(approval.state, False), terminal)
    if approval.editable is None:
        raise InputError(
            "This cannot be edited before it is approved",
            why="It changes several files",
            fix="Reject it with a reason, or approve it and edit the files",
        )
    async with bench.in_front(approval.id, editing=True):
        name = approval.path or "command.sh"
        text = await asyncio.to_thread(edit_in_editor, approval.editable, name)
    if text == approval.editable or (not approval.path and text.strip() == approval.editable.strip()):
        terminal.note("You changed nothing; it still waits for your answer.")
        return _NOT_COUNTED
    decision = await bench.decide(approval.id, Verdict.EDITED, text=text)
    if not decision.counted:
        return _told(approval, decision, terminal)
    again = await bench.replacement(approval.id, _PROPOSED_AGAIN_SECONDS)
    if again is None:
        raise InputError(
            "The run did not propose what you edited", why="It has ended", fix="See `codelab sessions`"
        )
    if terminal.as_json or not terminal.interactive:
        show_approval(again, terminal)
        if not terminal.as_json:
            terminal.note(f"It waits for your yes: codelab approvals approve {again.id}")
        return 0
    return await _answer(bench, again, terminal)


async def _answer(bench: "Workbench", approval: ApprovalView, terminal: Terminal) -> int:
    lines = InputLines()
    async with bench.in_front(approval.id):
        show_approval(approval, terminal)
        lines.forget()
        terminal.question("Apply exactly this? [y]es / [n]o")
        yes = (await lines.next() or "").strip().casefold() in ("y", "yes")
    verdict = Verdict.APPROVED if yes else Verdict.REJECTED
    return _told(approval, await bench.decide(approval.id, verdict), terminal)


def _told(approval: ApprovalView, decision: Decision, terminal: Terminal) -> int:
    if terminal.as_json:
        terminal.show_json(
            {
                "id": approval.id,
                "state": decision.state,
                "counted": decision.counted,
                "message": decision.message,
            }
        )
    elif decision.counted:
        terminal.show(f"{decision.state}: {approval.title}")
    else:
        terminal.note(decision.message or f"Not counted: it was already {decision.state}.")
    return 0 if decision.counted else _NOT_COUNTED
