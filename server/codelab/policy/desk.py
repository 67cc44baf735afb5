"""Waiting for a person's answer to an approval."""

import asyncio
import time
from collections.abc import Callable, Mapping

from codelab.policy.watch import StateWatch
from codelab.store import approvals
from codelab.store.approvals import Approval
from codelab.store.state import StateDb

_LOOK_AGAIN_SECONDS = 1.0  # faces that die and clocks that run out change no row


async def await_decision(
    approval: str,
    *,
    db: StateDb,
    watch: StateWatch,
    someone_can_answer: Callable[[], bool],
    alive: Callable[[str], bool],
    wait: bool,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Approval:
    """Wait until an approval is no longer pending.

    Its clock is kept here, by the face that drives the run: it runs while a living face has the prompt in
    front of a person, stands while none has or the person edits it, and knows nothing of the time of day.

    Args:
        approval: Its id.
        db: The workspace's state.
        watch: Tells when that state changes.
        someone_can_answer: Whether some living face can put it before a person now.
        alive: Whether a face lives.
        wait: Keep it pending while nobody can answer; otherwise it is then rejected at once.
        seconds: How long it may be in front of a person.
        clock: A clock, in seconds, that is never set.

    Returns:
        The approval as decided: approved, rejected, expired or invalidated.
    """
    left = seconds
    looked, runs = clock(), False
    while True:
        async with db.read() as rx:
            row = await approvals.get(rx, approval)
            faces = await approvals.in_front_at(rx, approval)
        if row.state != "pending":
            return row
        now = clock()
        left -= now - looked if runs else 0.0
        living = await asyncio.to_thread(_living, faces, alive)
        looked, was_seen, runs = now, bool(living), bool(living) and not any(living.values())
        if not wait and not was_seen and not await asyncio.to_thread(someone_can_answer):
            why = "no editor and no terminal was there to ask a person"
            async with db.write() as tx:
                await approvals.decide(tx, approval, "rejected", "nobody", why, time.time())
        elif left <= 0:
            async with db.write() as tx:
                await approvals.expire(tx, approval, time.time())
        else:
            await watch.wait(min(left, _LOOK_AGAIN_SECONDS) if runs else _LOOK_AGAIN_SECONDS)


def _living(faces: Mapping[str, bool], alive: Callable[[str], bool]) -> dict[str, bool]:
    return {face: editing for face, editing in faces.items() if alive(face)}
