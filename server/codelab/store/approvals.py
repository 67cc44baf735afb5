"""Approvals: what was put before a person, and the one answer that counts.

pending -> approved -> consumed, or pending -> rejected | expired | invalidated, or approved -> invalidated.
Each step is one UPDATE that names the state it leaves, so of two processes one wins. An approval that the
person edited is invalidated, and what they edited is proposed as another that ``replaces`` it.
"""

from dataclasses import dataclass
from typing import Literal

import aiosqlite

from codelab.core.errors import InputError, NotFound
from codelab.store import audit, rows
from codelab.store.audit import AuditKind


@dataclass(frozen=True, slots=True)
class Approval:
    """A call that waits, or waited, for a person's yes.

    Attributes:
        id: Its id.
        run: The run that asks.
        session: The run's session.
        call: The tool call.
        agent: The agent that asks.
        client: The client whose run asks, for people.
        face: The face whose run asks.
        tool: The tool.
        digest: What exactly is approved; see safety.
        title: One line for a person.
        detail: All that is approved, derived from the bytes that will run.
        path: The file it is about, or an empty string.
        before: Its text now.
        after: Its text if approved.
        risk: ``low``, ``medium``, ``high`` or ``critical``.
        state: ``pending``, ``approved``, ``rejected``, ``expired``, ``invalidated`` or ``consumed``.
        reason: Why it was not approved, when somebody said.
        decided_by: The face or client that answered.
        asked_at: Unix time.
        shown_at: Unix time at which it was first in front of a person, or None.
        decided_at: Unix time of the answer, or None.
        kind: ``edit``, ``command`` or ``read``.
        asker: Client and kind of the face whose run asks, as a standing rule binds them: ``Neovim (lsp)``.
        likeness: What calls like this one have in common; see ``codelab.policy.standing``.
        editable: The text that the person may change before they say yes, or None where there is none.
        edited: What they changed it to, or None.
        replaces: The approval whose text they edited, or an empty string.
        note: What the person should know besides.
        risk_words: The risk of this call in one line.
        trust_words: What became of calls like it in one line.
        offer: The standing rule that the person may give with their yes, as JSON, or an empty string.
        offer_words: That rule in words.
        proposal: Why it is proposed to them now, or an empty string.
    """

    id: str
    run: str
    session: str
    call: str
    agent: str
    client: str
    face: str
    tool: str
    digest: str
    title: str
    detail: str
    path: str
    before: str
    after: str
    risk: str
    state: str = "pending"
    reason: str = ""
    decided_by: str = ""
    asked_at: float = 0.0
    shown_at: float | None = None
    decided_at: float | None = None
    kind: str = "edit"
    asker: str = ""
    likeness: str = ""
    editable: str | None = None
    edited: str | None = None
    replaces: str = ""
    note: str = ""
    risk_words: str = ""
    trust_words: str = ""
    offer: str = ""
    offer_words: str = ""
    proposal: str = ""


async def propose(db: aiosqlite.Connection, approval: Approval) -> None:
    """Store a new approval."""
    await rows.insert(db, "approvals", approval)
    asked = {name: getattr(approval, name) for name in ("tool", "title", "path", "risk", "digest", "call")}
    await _note(db, AuditKind.APPROVAL_ASKED, approval, **asked)


async def _note(db: aiosqlite.Connection, kind: AuditKind, approval: Approval, **data: object) -> None:
    await audit.append(
        db,
        kind,
        {"approval": approval.id, **data},
        run=approval.run,
        session=approval.session,
        client=approval.client,
    )


async def get(db: aiosqlite.Connection, approval_id: str) -> Approval:
    """Return an approval.

    Raises:
        NotFound: There is none with this id.
    """
    found = await rows.select(db, Approval, "FROM approvals WHERE id = ?", (approval_id,))
    if not found:
        raise NotFound(f"There is no approval {approval_id}")
    return Approval(*found[0])


async def find(db: aiosqlite.Connection, prefix: str) -> Approval:
    """Return the approval whose id begins with some text; ``apr-`` may be left out.

    Raises:
        NotFound: None does.
        InputError: Several do.
    """
    start = prefix if prefix.startswith("apr-") else f"apr-{prefix}"
    found = await rows.select(
        db, Approval, "FROM approvals WHERE substr(id, 1, length(?1)) = ?1 ORDER BY n LIMIT 2", (start,)
    )
    if not found or not prefix:
        raise NotFound(f"There is no approval {prefix}", fix="See `codelab approvals list`")
    if len(found) > 1:
        raise InputError(f"Several approvals begin with {prefix}", fix="Give more of the id")
    return Approval(*found[0])


async def list_approvals(db: aiosqlite.Connection, state: str = "") -> list[Approval]:
    """Return the approvals in a state, oldest first; an empty state means all."""
    found = await rows.select(db, Approval, "FROM approvals WHERE ?1 = '' OR state = ?1 ORDER BY n", (state,))
    return [Approval(*row) for row in found]


async def put_in_front(
    db: aiosqlite.Connection, approval_id: str, face: str, now: float, *, editing: bool = False
) -> bool:
    """Note that a face has an approval in front of a person.

    Args:
        db: A connection inside a transaction.
        approval_id: The approval.
        face: The face.
        now: Unix time.
        editing: Whether the person edits it there, for which there is no limit of time.

    Returns:
        Whether it is still pending.
    """
    await db.execute(
        "INSERT OR REPLACE INTO approval_prompts (approval, face, editing) VALUES (?, ?, ?)",
        (approval_id, face, editing),
    )
    return bool(
        await rows.change(
            db,
            "UPDATE approvals SET shown_at = coalesce(shown_at, ?2) WHERE id = ?1 AND state = 'pending'",
            (approval_id, now),
        )
    )


async def take_away(db: aiosqlite.Connection, approval_id: str, face: str) -> None:
    """Note that a face no longer has an approval in front of a person."""
    await db.execute("DELETE FROM approval_prompts WHERE approval = ? AND face = ?", (approval_id, face))


async def in_front_at(db: aiosqlite.Connection, approval_id: str) -> dict[str, bool]:
    """Return the faces that say they have an approval in front of a person, and whether they edit it there.

    Some of them may be dead.
    """
    found = await db.execute_fetchall(
        "SELECT face, editing FROM approval_prompts WHERE approval = ?", (approval_id,)
    )
    return {str(face): bool(editing) for face, editing in found}


async def decide(  # noqa: PLR0917 - the order of a sentence
    db: aiosqlite.Connection,
    approval_id: str,
    state: Literal["approved", "rejected"],
    by: str,
    reason: str,
    now: float,
) -> bool:
    """Record a person's answer.

    Args:
        db: A connection inside a transaction.
        approval_id: The approval.
        state: The answer.
        by: Who gave it.
        reason: What they said with it.
        now: Unix time.

    Returns:
        True if this answer counts; false if another came first or the time was over.

    Raises:
        ValueError: The state is not an answer.
    """
    if state not in ("approved", "rejected"):
        raise ValueError(f"{state!r} is not an answer")
    counted = await rows.change(
        db,
        "UPDATE approvals SET state = ?2, decided_by = ?3, reason = ?4, decided_at = ?5"
        " WHERE id = ?1 AND state = 'pending'",
        (approval_id, state, rows.storable(by), rows.storable(reason), now),
    )
    if counted:
        decided = await get(db, approval_id)
        await _note(db, AuditKind.APPROVAL_ANSWERED, decided, state=state, by=by, reason=reason)
    return bool(counted)


async def edit(db: aiosqlite.Connection, approval_id: str, text: str, by: str, now: float) -> bool:
    """Take note of what the person changed the text to; the run then asks for that instead.

    Returns:
        True if this answer counts; false if another came first, or there is nothing to edit.
    """
    counted = await rows.change(
        db,
        "UPDATE approvals SET state = 'invalidated', edited = ?2, decided_by = ?3, decided_at = ?4,"
        " reason = 'the person edited it' WHERE id = ?1 AND state = 'pending' AND editable IS NOT NULL",
        (approval_id, rows.storable(text), rows.storable(by), now),
    )
    if counted:
        decided = await get(db, approval_id)
        await _note(db, AuditKind.APPROVAL_ANSWERED, decided, state="edited", by=by, reason="")
    return bool(counted)


async def expire(db: aiosqlite.Connection, approval_id: str, now: float) -> bool:
    """End an approval that was in front of a person for long enough.

    Returns:
        Whether it was still pending.
    """
    ended = await rows.change(
        db,
        "UPDATE approvals SET state = 'expired', reason = 'nobody answered in time', decided_at = ?2"
        " WHERE id = ?1 AND state = 'pending'",
        (approval_id, now),
    )
    if ended:
        await _note(db, AuditKind.APPROVAL_EXPIRED, await get(db, approval_id))
    return bool(ended)


async def invalidate(db: aiosqlite.Connection, approval_id: str, why: str) -> bool:
    """Take an approval back that is pending, or approved and not yet used.

    Returns:
        Whether it was.
    """
    taken = await rows.change(
        db,
        "UPDATE approvals SET state = 'invalidated', reason = ?2"
        " WHERE id = ?1 AND state IN ('pending', 'approved')",
        (approval_id, rows.storable(why)),
    )
    if taken:
        await _note(db, AuditKind.APPROVAL_INVALIDATED, await get(db, approval_id), why=why)
    return bool(taken)


async def consume(db: aiosqlite.Connection, approval_id: str, digest: str) -> bool:
    """Use an approval, once, for exactly what was approved.

    Args:
        db: A connection inside the transaction that starts the execution.
        approval_id: The approval.
        digest: The digest of what is about to run.

    Returns:
        True if it may run.
    """
    used = await rows.change(
        db,
        "UPDATE approvals SET state = 'consumed' WHERE id = ? AND state = 'approved' AND digest = ?",
        (approval_id, digest),
    )
    if used:
        await _note(db, AuditKind.APPROVAL_USED, await get(db, approval_id), digest=digest)
    return bool(used)


async def replacement(db: aiosqlite.Connection, approval_id: str) -> Approval | None:
    """Return the approval that asks for what the person edited another to, or None while there is none."""
    found = await rows.select(
        db, Approval, "FROM approvals WHERE replaces = ? ORDER BY n LIMIT 1", (approval_id,)
    )
    return Approval(*found[0]) if found else None


async def of_run(db: aiosqlite.Connection, run_id: str) -> list[Approval]:
    """Return a run's approvals in every state, oldest first."""
    found = await rows.select(db, Approval, "FROM approvals WHERE run = ? ORDER BY n", (run_id,))
    return [Approval(*row) for row in found]
