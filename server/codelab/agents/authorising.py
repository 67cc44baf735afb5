"""What lets a call be carried out: the policy, a standing rule, or a person's yes; used up as it starts."""

import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from codelab.agents.approving import Proposed
from codelab.agents.run import ActiveRun
from codelab.agents.weighing import rule_for
from codelab.core.errors import Denied
from codelab.core.events import RuleUsed
from codelab.policy import standing
from codelab.policy.call import PolicyCall, StandingRule
from codelab.policy.decide import decide
from codelab.policy.digest import BoundCall, call_digest
from codelab.policy.types import Outcome, PolicyDecision
from codelab.store import approvals, standing_rules
from codelab.store.approvals import Approval
from codelab.store.calls import CallRow
from codelab.store.connection import Connection
from codelab.store.standing_rules import StandingRow

_LOWERABLE = frozenset({"writing", "running"})  # what is asked where no rule speaks of it


class Consent(StrEnum):
    """Where a call's permission comes from."""

    POLICY = "policy"
    RULE = "rule"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Permission:
    """What lets a call be carried out.

    Attributes:
        decision: What policy said; never a denial.
        rule: The standing rule that lets it pass, or None.
    """

    decision: PolicyDecision
    rule: StandingRow | None = None

    @classmethod
    async def standing(
        cls, run: ActiveRun, decision: PolicyDecision, proposal: Proposed, call: PolicyCall
    ) -> Self:
        """Return the permission of a call that policy wants asked, by a standing rule where there is one.

        Args:
            run: The run.
            decision: What policy said.
            proposal: What is proposed.
            call: The call as policy sees it: it has the last word about the standing rule, too.
        """
        if decision.rule not in _LOWERABLE:
            return cls(decision)
        rule = await rule_for(run, proposal.approval, proposal.bound, proposal.facts)
        if rule is None:
            return cls(decision)
        again = decide(replace(call, standing_rules=(as_policy_sees(rule, call.client),)), run.services.rules)
        return cls(decision, rule if again.outcome is Outcome.ALLOW else None)

    @property
    def consent(self) -> Consent:
        """Where it comes from."""
        if self.decision.outcome is not Outcome.ASK:
            return Consent.POLICY
        return Consent.RULE if self.rule is not None else Consent.PERSON

    async def take(self, tx: Connection, run: ActiveRun, approval: Approval, now: BoundCall) -> bool:
        """Use it up, in the transaction that starts the execution.

        Args:
            tx: A connection inside that transaction.
            run: The run.
            approval: What the person said yes to.
            now: The call as it is about to be carried out.

        Returns:
            False if that is not what was approved.

        Raises:
            Denied: The standing rule was removed, has expired, or fits no more.
        """
        if self.consent is Consent.PERSON:
            return await approvals.consume(tx, approval.id, call_digest(now))
        if self.rule is not None:
            fits = standing.covers(standing.read_scope(self.rule.scope), now)
            if not fits or not await standing_rules.use(tx, self.rule, run.id, now.call, time.time()):
                raise Denied(
                    "The standing rule that allowed this holds no more",
                    fix="Call it again: the person is asked",
                )
        return True

    async def take_back(self, run: ActiveRun, approval: Approval, why: str) -> None:
        """Make sure that a yes which could not be used is not used later."""
        if self.consent is Consent.PERSON:
            async with run.services.db.write() as tx:
                await approvals.invalidate(tx, approval.id, why)


def as_policy_sees(rule: StandingRow, client: str) -> StandingRule:
    """Return a standing rule in policy's terms.

    Args:
        rule: The rule; it was given in a face of this client and kind.
        client: The client, as policy knows it.
    """
    scope = standing.read_scope(rule.scope)
    return StandingRule(
        id=rule.id,
        tool=rule.tool,
        client=client,
        argv=scope.argv,
        exact=scope.exact,
        paths=(scope.path,) if scope.path else (),
        agent=rule.agent,
    )


def used_rule(run: ActiveRun, row: CallRow, permission: Permission) -> tuple[RuleUsed, ...]:
    """Return the event that tells of a standing rule, if one lets the call pass."""
    rule = permission.rule
    if rule is None:
        return ()
    return (RuleUsed(run=run.id, call=row.id, rule=rule.id, words=rule.words, uses=rule.uses + 1),)
