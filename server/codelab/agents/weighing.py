"""What a person is told with a question: the risk, the trust, and the standing rule that they may give."""

import time
from collections.abc import Sequence
from dataclasses import replace

from codelab.agents.run import ActiveRun
from codelab.core.visible import visible
from codelab.policy import standing
from codelab.policy.digest import BoundCall
from codelab.policy.risk import Facts, risk_of
from codelab.policy.trust import Ended, Ending, trust_in, why_propose
from codelab.policy.types import Risk
from codelab.store import history, standing_rules
from codelab.store.approvals import Approval
from codelab.store.history import AskedCall
from codelab.store.standing_rules import StandingRow

KINDS = {"edit": "edits", "command": "commands", "read": "readings"}


async def weighed(run: ActiveRun, approval: Approval, bound: BoundCall, facts: Facts) -> Approval:
    """Return an approval with its risk, the trust in calls like it, and the rule that may be given."""
    settings, now = run.services.settings.approvals, time.time()
    risk = risk_of(facts, Risk(approval.risk))
    likeness = standing.likeness_of(bound)
    async with run.services.db.read() as rx:
        of_kind = await history.asked_calls(rx, agent=approval.agent, kind=approval.kind)
        alike = await history.asked_calls(rx, agent=approval.agent, likeness=likeness) if likeness else []
    trust = trust_in(approval.agent, KINDS[approval.kind], endings_of(of_kind), now)
    offer = offer_words = proposal = ""
    scope = standing.scope_of(bound)
    if scope is not None and settings.rule_days > 0 and not standing.why_never(bound):
        if settings.proposals:
            proposal = why_propose(endings_of(alike), least=settings.propose_after)
        scope = standing.widened(scope) if proposal else scope
        offer, offer_words = scope.as_json(), standing.words_of(scope)
    return replace(
        approval,
        risk=risk.level.value,
        risk_words=visible(risk.words),
        trust_words=visible(trust.words),
        likeness=likeness,
        offer=offer,
        offer_words=visible(offer_words),
        proposal=f"{proposal}." if proposal else "",
    )


async def rule_for(run: ActiveRun, approval: Approval, bound: BoundCall, facts: Facts) -> StandingRow | None:
    """Return the standing rule that lets a call pass, or None; hard rules were asked before."""
    if standing.why_never(bound):
        return None
    risk = risk_of(facts, Risk(approval.risk))
    async with run.services.db.read() as rx:
        rules = await standing_rules.of_calls(rx, approval.asker, approval.agent, approval.tool, time.time())
    for rule in rules:
        if standing.no_riskier(risk.level.value, rule.risk) and standing.covers(
            standing.read_scope(rule.scope), bound
        ):
            return rule
    return None


def endings_of(asked: Sequence[AskedCall]) -> list[Ended]:
    """Return what became of calls; those that nobody answered, or that were taken back, tell nothing."""
    return [Ended(ending, one.at) for one in asked if (ending := _ending(one)) is not None]


def _ending(one: AskedCall) -> Ending | None:
    if one.state == "rejected":
        return Ending.REJECTED if one.decided_by != "nobody" else None
    if one.state != "consumed":
        return None
    if one.undone:
        return Ending.UNDONE
    if one.call_state == "failed":
        return Ending.FAILED
    return Ending.EDITED if one.replaces else Ending.APPROVED
