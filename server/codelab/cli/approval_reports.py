"""Approvals, standing rules and figures as the command line shows them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from codelab.cli.reports import Data
from codelab.cli.terminal import Terminal
from codelab.core.wording import counted
from codelab.workbench.figures import ApprovalFigures
from codelab.workbench.types import ApprovalView, StandingRuleView

_DAY = 86_400.0


def approval_data(approval: ApprovalView) -> Data:
    """Return an approval as ``codelab approvals --json`` prints it."""
    return {
        "id": approval.id,
        "title": approval.title,
        "detail": approval.detail,
        "path": approval.path,
        "asked_by": approval.asked_by,
        "run": approval.run,
        "agent": approval.agent,
        "risk": approval.risk,
        "state": approval.state,
        "reason": approval.reason,
        "note": approval.note,
        "risk_words": approval.risk_words,
        "trust_words": approval.trust_words,
        "editable": approval.editable is not None,
        "rule": approval.rule,
        "proposal": approval.proposal,
    }


def show_approval(approval: ApprovalView, terminal: Terminal) -> None:
    """Show all of one approval."""
    if terminal.as_json:
        terminal.show_json(approval_data(approval))
        return
    lines = (approval.title, approval.asked_by, approval.state, approval.remarks)
    terminal.show("\n".join(filter(None, lines)))
    terminal.show_diff(approval.detail)


def rule_data(rule: StandingRuleView) -> Data:
    """Return a standing rule as ``codelab approvals rules --json`` prints it."""
    return {
        "id": rule.id,
        "words": rule.words,
        "client": rule.client,
        "agent": rule.agent,
        "created_at": rule.created_at,
        "expires_at": rule.expires_at,
        "uses": rule.uses,
        "state": rule.state,
    }


def show_rules(rules: Sequence[StandingRuleView], now: float, terminal: Terminal) -> None:
    """Show standing rules.

    Args:
        rules: The rules.
        now: Unix time.
        terminal: Where to.
    """
    if terminal.as_json:
        terminal.show_json([rule_data(rule) for rule in rules])
        return
    if not rules:
        terminal.note("There are no standing rules: you are asked about everything.")
    for rule in rules:
        until = datetime.fromtimestamp(rule.expires_at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
        days = max(0.0, rule.expires_at - now) / _DAY
        state = f"until {until} ({days:.1f} days)" if rule.state == "holds" else rule.state
        used = "not used yet" if not rule.uses else f"used {counted(rule.uses, 'time')}"
        terminal.show(f"{rule.id}  {rule.words}  [{rule.agent}, {rule.client}]  {used}, {state}")


def show_figures(figures: ApprovalFigures, terminal: Terminal) -> None:
    """Show how the person was asked."""
    if terminal.as_json:
        terminal.show_json(figures.as_data())
        return
    terminal.show(
        f"asked: {counted(figures.prompts, 'time')} in {counted(figures.tasks, 'task')}"
        f" ({figures.prompts_per_task:g} for each)\n"
        f"approved: {figures.approved}, of these unchanged {figures.approved_unchanged}"
        f" ({figures.share_unchanged:.0%} of what you answered)\n"
        f"edited: {figures.edited}, rejected: {figures.rejected}, not answered: {figures.unanswered}\n"
        f"without a question: {figures.automatic} ({figures.automatic_by_rule} by standing rules),"
        f" of these undone {figures.automatic_undone}\n"
        f"standing rules: {figures.rules} in force, {figures.rules_withdrawn} removed or withdrawn"
    )
    for trust in figures.trust:
        terminal.show(trust.words)
