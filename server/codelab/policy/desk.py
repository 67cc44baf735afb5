"""Waiting for a person's answer to an approval."""

import asyncio
import time
from collections.abc import Callable

from codelab.policy.watch import StateWatch
from codelab.store import approvals
from codelab.store.approvals import Approval
from codelab.store.state import StateDb

_LOOK_AGAIN_SECONDS = 1.0  # faces that die and clocks that run out change no row


async def await_decision(
    approval: str, *, db: StateDb, watch: StateWatch, someone_can_answer: Callable[[], bool], wait: bool
) -> Approval:
    """Wait until an approval is no longer pending.

    Args:
        approval: Its id.
        db: The workspace's state.
        watch: Tells when that state changes.
        someone_can_answer: Whether some living face can put it before a person now.
        wait: Keep it pending while nobody can answer; otherwise it is then rejected at once.

    Returns:
        The approval as decided: approved, rejected, expired or invalidated.
    """
    while True:
        async with db.read() as rx:
            row = await approvals.get(rx, approval)
        if row.state != "pending":
            return row
        now = time.time()
        if not wait and not await asyncio.to_thread(someone_can_answer):
            why = "no editor and no terminal was there to ask a person"
            async with db.write() as tx:
                await approvals.decide(tx, approval, "rejected", "nobody", why, now)
        elif row.expires_at and row.expires_at <= now:
            async with db.write() as tx:
                await approvals.expire(tx, now)
        else:
            left = row.expires_at - now if row.expires_at else _LOOK_AGAIN_SECONDS
            await watch.wait(min(left, _LOOK_AGAIN_SECONDS))
