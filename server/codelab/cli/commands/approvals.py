"""``codelab approvals``: list and answer what waits for the person's yes."""

import argparse

from codelab.cli.opening import opened_workbench, run_async
from codelab.cli.reports import approval_data
from codelab.cli.terminal import Terminal
from codelab.workbench.types import Verdict

_NOT_COUNTED = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="list|show|approve|reject")
    parser.set_defaults(action="list", all=False)
    listing = actions.add_parser("list", help="what is pending (default)")
    listing.add_argument("--all", action="store_true", help="also what was answered or has expired")
    show = actions.add_parser("show", help="all of one approval")
    approve = actions.add_parser("approve", help="say yes to exactly what `show` shows")
    reject = actions.add_parser("reject", help="say no")
    for action in (show, approve, reject):
        action.add_argument("id", help="the approval; a unique beginning is enough")
    reject.add_argument("--reason", default="", help="why not; the agent reads it")
    for action in (listing, show, approve, reject):
        # Also accepted behind the action; where it is absent there, what stood before it must stay.
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        action.add_argument("--root", metavar="DIR", default=argparse.SUPPRESS, help="the workspace")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """List, show or answer."""
    return run_async(_approvals(options, terminal))


async def _approvals(options: argparse.Namespace, terminal: Terminal) -> int:
    async with opened_workbench(options) as bench:
        if options.action == "list":
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
        approval = await bench.approval(options.id)
        if options.action == "show":
            if terminal.as_json:
                terminal.show_json(approval_data(approval))
            else:
                terminal.show(f"{approval.title}\n{approval.asked_by}\n{approval.state}")
                terminal.show_diff(approval.detail)
            return 0
        verdict = Verdict.APPROVED if options.action == "approve" else Verdict.REJECTED
        decision = await bench.decide(approval.id, verdict, reason=getattr(options, "reason", ""))
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
