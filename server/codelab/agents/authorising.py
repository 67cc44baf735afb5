"""What lets a call be carried out: the policy, a standing rule, or a person's yes; used up as it starts."""

import asyncio
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from codelab.agents.proposed import Proposed
from codelab.agents.run import ActiveRun, Write
from codelab.agents.tainting import refresh_taint
from codelab.agents.weighing import rule_for
from codelab.core.errors import CodeLabError, Denied
from codelab.core.events import RuleUsed, RunState, StateChanged
from codelab.policy import standing
from codelab.policy.call import PolicyCall, StandingRule
from codelab.policy.decide import decide
from codelab.policy.digest import BoundCall, call_digest
from codelab.policy.types import Outcome, PolicyDecision
from codelab.store import approvals, standing_rules
from codelab.store.calls import CallRow
from codelab.store.connection import Connection
from codelab.store.standing_rules import StandingRow
from codelab.tools.contract import ToolError

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

    async def take(self, tx: Connection, run: str, proposal: Proposed, now: BoundCall) -> bool:
        """Use it up, in the transaction that starts the execution.

        Args:
            tx: A connection inside that transaction.
            run: The run's id.
            proposal: The call as it was proposed.
            now: The call as it is about to be carried out.

        Returns:
            False if that is not what was approved.

        Raises:
            Denied: The standing rule was removed, has expired, or fits no more; the rules in force changed.
        """
        if self.consent is Consent.PERSON:
            if now.rules != proposal.bound.rules:
                raise Denied("Policy's rules changed after this was proposed", fix="Call it again")
            return await approvals.consume(tx, proposal.approval.id, call_digest(now))
        if self.rule is not None:
            fits = standing.covers(standing.read_scope(self.rule.scope), now)
            if not fits or not await standing_rules.use(tx, self.rule, run, now.call, time.time()):
                raise Denied(
                    "The standing rule that allowed this holds no more",
                    fix="Call it again: the person is asked",
                )
        return True


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


async def start_execution(
    run: ActiveRun,
    row: CallRow,
    proposal: Proposed,
    permission: Permission,
    *,
    journal: Write,
    changed: ToolError,
) -> None:
    """Use a permission up and write that its call is carried out, in one transaction.

    Args:
        run: The run.
        row: The call as journalled.
        proposal: What is about to be carried out.
        permission: What lets it.
        journal: Writes what else belongs into the transaction.
        changed: What the agent is told if something is not any more as it was approved.

    Raises:
        ToolError: ``changed``.
        Denied: What let it pass does not hold any more.
    """
    await refresh_taint(run)  # another run of the session may have read something meanwhile

    async def start(tx: Connection) -> None:
        # The digest is made again from what is there at this moment; the approval fits this or nothing.
        now = await asyncio.to_thread(proposal.bound_now, run)
        if not await permission.take(tx, run.id, proposal, now):
            raise changed
        await journal(tx)

    try:
        await run.write(
            *_used_rule(run, row, permission), StateChanged(run=run.id, state=RunState.EXECUTING), also=start
        )
    except CodeLabError as error:
        if permission.consent is Consent.PERSON:  # a yes that could not be used is not used later
            async with run.services.db.write() as tx:
                await approvals.invalidate(tx, proposal.approval.id, error.what)
        raise


def _used_rule(run: ActiveRun, row: CallRow, permission: Permission) -> tuple[RuleUsed, ...]:
    rule = permission.rule
    if rule is None:
        return ()
    return (RuleUsed(run=run.id, call=row.id, rule=rule.id, words=rule.words, uses=rule.uses + 1),)
