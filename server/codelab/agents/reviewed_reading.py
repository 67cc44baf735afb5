"""A tool call that only reads, where a rule wants the person asked first."""

import time

from codelab.agents.approving import ask, refusal
from codelab.agents.reasons import with_reasons
from codelab.agents.run import ActiveRun
from codelab.core.ids import new_id
from codelab.core.visible import visible
from codelab.policy.digest import BoundCall, call_digest
from codelab.policy.types import PolicyDecision
from codelab.store import approvals
from codelab.store.approvals import Approval
from codelab.store.calls import CallRow
from codelab.tools.contract import ToolError


async def ask_to_read(run: ActiveRun, row: CallRow, title: str, decision: PolicyDecision) -> None:
    """Ask the person to let a call read; returns only if they do.

    Args:
        run: The run.
        row: The call as journalled.
        title: The call as a person reads it: ``reading payments.py``.
        decision: What policy said.

    Raises:
        ToolError: They did not.
    """
    bound = BoundCall(
        tool=row.name,
        root=str(run.services.root),
        session=run.session,
        run=run.id,
        call=row.id,
        arguments=row.arguments,
    )
    approval = Approval(
        id=new_id("apr"),
        run=run.id,
        session=run.session,
        call=row.id,
        agent=run.template.name,
        client=run.services.client,
        face=run.services.face,
        tool=row.name,
        digest=call_digest(bound),
        title=visible(f"CodeLab ({run.template.name}) asks before {title}"),
        detail=with_reasons(run, decision, visible(f"{row.name} {row.arguments}")),
        path="",
        before="",
        after="",
        risk=decision.risk.value,
        asked_at=time.time(),
        kind="read",
        asker=run.services.asker,
    )
    verdict = await ask(run, approval)
    if verdict.state != "approved":
        raise refusal(verdict, "call", "Nothing was read")
    async with run.services.db.write() as tx:
        if not await approvals.consume(tx, approval.id, call_digest(bound)):
            raise ToolError("The approval does not count any more", fix="Ask again")
