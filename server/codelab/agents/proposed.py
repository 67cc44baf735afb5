"""A call as it is put before a person: the one place where an approval and what it binds are put together."""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Self

from codelab.agents.run import ActiveRun
from codelab.core.ids import new_id
from codelab.core.visible import visible
from codelab.policy.digest import BoundCall, call_digest
from codelab.policy.risk import Facts
from codelab.policy.taint import in_words
from codelab.policy.types import PolicyDecision
from codelab.store.approvals import Approval
from codelab.store.calls import CallRow

_PLAIN = frozenset({"writing", "running", "taint"})  # what the approval says anyway


@dataclass(frozen=True, slots=True)
class Proposed(ABC):
    """A call that a person is asked about: what it does is added by whoever proposes it.

    Attributes:
        approval: What the person is asked.
        bound: What the approval binds.
    """

    approval: Approval
    bound: BoundCall

    @property
    @abstractmethod
    def facts(self) -> Facts:
        """What its risk is told from."""

    @abstractmethod
    def bound_now(self, run: ActiveRun) -> BoundCall:
        """Return what the approval must fit, with all that it is about as it is at this moment."""

    def asked_as(self, approval: Approval) -> Self:
        """Return it with another approval that asks for the same."""
        return replace(self, approval=approval)


def bound_call(run: ActiveRun, row: CallRow) -> BoundCall:
    """Return what an approval of a call binds, but for what it changes or runs."""
    asks = BoundCall(row.name, str(run.services.root), run.session, run.id, row.id, row.arguments)
    return bound_to(run, asks)


def bound_to(run: ActiveRun, asks: BoundCall) -> BoundCall:
    """Return it with what the session has read by now, and the rules that are in force now."""
    return replace(asks, taint=run.taint.labels(), rules=run.services.rules.digest)


def approval_of(
    run: ActiveRun,
    bound: BoundCall,
    decision: PolicyDecision,
    *,
    kind: str,
    title: str,
    detail: str,
    path: str = "",
    texts: tuple[str, str] = ("", ""),
    editable: str | None = None,
) -> Approval:
    """Return the approval that asks for a call; nothing is stored yet.

    Args:
        run: The run that asks.
        bound: What it binds.
        decision: What policy said.
        kind: ``edit``, ``command`` or ``read``.
        title: It in one line.
        detail: All that is approved. Why it is asked is set before it where that is no matter of course.
        path: The one file that it is about, if it is about one.
        texts: That file's text as it is and as it would be.
        editable: The text that the person may edit, or None.
    """
    return Approval(
        id=new_id("apr"),
        run=run.id,
        session=run.session,
        call=bound.call,
        agent=run.template.name,
        client=run.services.client,
        face=run.services.face,
        tool=bound.tool,
        digest=call_digest(bound),
        title=visible(title),
        detail=visible(_reasons(run, decision) + detail),
        path=path,
        before=texts[0],
        after=texts[1],
        risk=decision.risk.value,
        asked_at=time.time(),
        kind=kind,
        asker=run.services.asker,
        editable=editable,
    )


def _reasons(run: ActiveRun, decision: PolicyDecision) -> str:
    reasons = []
    if run.taint.untrusted:
        reasons.append(f"asked after reading untrusted text: {in_words(run.taint.untrusted)}\n")
    if decision.rule not in _PLAIN:
        place = f" ({decision.place})" if decision.place else ""
        reasons.append(f"asked because {decision.why}{place}\n")
    return "".join(reasons) + ("\n" if reasons else "")
