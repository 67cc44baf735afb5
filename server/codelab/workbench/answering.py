"""Approvals as a face shows and answers them."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

from codelab.agents.services import Services
from codelab.core.errors import CodeLabError, InputError
from codelab.core.finishing import finish_first
from codelab.core.visible import visible
from codelab.store import approvals, standing_rules
from codelab.store.approvals import Approval
from codelab.store.connection import Connection
from codelab.store.standing_rules import StandingRow, new_rule_id
from codelab.workbench.results import shown_state
from codelab.workbench.types import ApprovalView, Decision, Verdict

_DAY_SECONDS = 86_400.0
_LOOK_AGAIN_SECONDS = 1.0


def view_of(row: Approval, services: Services) -> ApprovalView:
    """Return an approval as a face shows it."""
    own = row.face == services.face
    may_give = bool(row.offer) and row.asker == services.asker
    return ApprovalView(
        id=row.id,
        title=row.title,
        detail=row.detail,
        path=row.path,
        before=row.before,
        after=row.after,
        asked_by="" if own else visible(f'"{row.client}", session {row.session}'),
        own=own,
        run=row.run,
        agent=row.agent,
        risk=row.risk,
        state=shown_state(row),
        reason=visible(row.reason),
        decided_by=visible(row.decided_by),
        note=row.note,
        risk_words=row.risk_words,
        trust_words=row.trust_words,
        editable=row.editable,
        rule=row.offer_words if may_give else "",
        rule_days=services.settings.approvals.rule_days,
        proposal=row.proposal if may_give else "",
    )


@asynccontextmanager
async def in_front(services: Services, approval: str, *, editing: bool = False) -> AsyncIterator[None]:
    """Note that this face has an approval in front of a person, or under edit, while the block runs.

    The block does not wait until that is written. Where it cannot be, the clock of the approval stands.
    """
    noting = asyncio.create_task(_put(services, approval, editing=editing), name=f"in front {approval}")
    try:
        yield
    finally:
        await finish_first(_take_away(services, approval, noting))


async def _put(services: Services, approval: str, *, editing: bool) -> None:
    with suppress(CodeLabError):
        async with services.db.write() as tx:
            await approvals.put_in_front(tx, approval, services.face, time.time(), editing=editing)


async def _take_away(services: Services, approval: str, noting: "asyncio.Task[None]") -> None:
    await noting
    with suppress(CodeLabError):
        async with services.db.write() as tx:
            await approvals.take_away(tx, approval, services.face)


async def decide(
    services: Services, approval: str, verdict: Verdict, reason: str, text: str, *, always: bool
) -> tuple[str, Decision]:
    """Record a person's answer; see ``Workbench.decide``.

    Returns:
        The approval's id, and what became of the answer.
    """
    now, by = time.time(), services.asker
    async with services.db.write() as tx:
        row = await approvals.find(tx, approval)
        if verdict is Verdict.EDITED:
            if row.editable is None:
                raise InputError(
                    "This cannot be edited before it is approved",
                    why="It is not one text",
                    fix="Reject it with a reason, or approve it and edit the files",
                )
            counted = await approvals.edit(tx, row.id, text, by, now)
        else:
            if always and (not row.offer or row.asker != by):
                raise InputError(
                    "No standing rule can be given for this here",
                    why="It is of a kind that is always asked, or another client asks",
                    fix="Say yes to this one call",
                )
            state: Literal["approved", "rejected"] = "approved" if verdict is Verdict.APPROVED else "rejected"
            counted = await approvals.decide(tx, row.id, state, by, reason, now)
            if counted:
                await _keep_rules(tx, services, row, verdict, now, always=always)
        row = await approvals.get(tx, row.id)
    shown = shown_state(row)
    if counted:
        return row.id, Decision(shown, True)
    who = f" by {row.decided_by}" if row.decided_by else ""
    return row.id, Decision(shown, False, f"This was already {shown}{who}.")


async def _keep_rules(
    tx: Connection, services: Services, row: Approval, verdict: Verdict, now: float, *, always: bool
) -> None:
    """Give the standing rule that was offered; a rejection ends those about calls like this one."""
    if verdict is Verdict.REJECTED:
        if row.likeness:
            await standing_rules.withdraw_like(tx, row.likeness, "you rejected a call like it", now)
        return
    if not always:
        return
    days = services.settings.approvals.rule_days
    rule = StandingRow(
        id=new_rule_id(),
        client=row.asker,
        tool=row.tool,
        agent=row.agent,
        words=row.offer_words,
        scope=json.dumps(json.loads(row.offer), sort_keys=True),
        likeness=row.likeness,
        risk=row.risk,
        approval=row.id,
        created_at=now,
        expires_at=now + days * _DAY_SECONDS,
    )
    await standing_rules.give(tx, rule)


async def replacement(services: Services, approval: str, seconds: float) -> ApprovalView | None:
    """Wait for the approval that asks for what the person edited another to; None if none came in time."""
    deadline = time.monotonic() + seconds
    while True:
        async with services.db.read() as rx:
            found = await approvals.replacement(rx, approval)
        if found is not None:
            return view_of(found, services)
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        await services.watch.wait(min(left, _LOOK_AGAIN_SECONDS))
