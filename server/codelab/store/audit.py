"""The audit log of a workspace: what was decided and done, in the transaction that makes it true.

Rows are only ever added. They hold paths and hashes, no content of files, and no known secret.
"""

import secrets
import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import aiosqlite

from codelab.core.redaction import redact_data
from codelab.store import rows
from codelab.store.audit_chain import ERASED, AuditRow, Head, canonical, row_hash, text_hash

_LONGEST_TEXT = 4_000  # characters; of a longer one the beginning and the hash are kept


class AuditKind(StrEnum):
    """What a row of the audit log says."""

    DECISION = "decision"  # policy's outcome for a call, with the rule
    CALL_STARTED = "call-started"
    CALL_ENDED = "call-ended"
    APPROVAL_ASKED = "approval-asked"
    APPROVAL_ANSWERED = "approval-answered"
    APPROVAL_EXPIRED = "approval-expired"
    APPROVAL_INVALIDATED = "approval-invalidated"
    APPROVAL_USED = "approval-used"
    CHANGE_BEGUN = "change-begun"
    CHANGE_WRITTEN = "change-written"
    CHANGE_NOT_MADE = "change-not-made"
    CHANGE_UNDONE = "change-undone"
    COMMAND_STARTED = "command-started"
    COMMAND_ENDED = "command-ended"
    OVERRIDE = "override"  # a setting that takes a protection away is in force
    RULE_MADE = "rule-made"  # a standing rule
    RULE_REMOVED = "rule-removed"
    TRUST_CHANGED = "trust-changed"
    DATA_EXPORTED = "data-exported"
    DATA_DELETED = ERASED
    STATE_RESTORED = "state-restored"


async def append(
    db: aiosqlite.Connection,
    kind: AuditKind,
    data: Mapping[str, Any],
    *,
    run: str = "",
    session: str = "",
    client: str = "",
) -> Head:
    """Add a row.

    Args:
        db: A connection inside the transaction that does what the row says.
        kind: What happened.
        data: What exactly: JSON-like, without content of files.
        run: The run it belongs to, from which session and client follow where they are not given.
        session: The session.
        client: The client, for people.

    Returns:
        The end of the log with this row.
    """
    ((last, previous, of_session, of_client),) = await db.execute_fetchall(
        "SELECT coalesce(max(seq), 0), coalesce((SELECT hash FROM audit ORDER BY seq DESC LIMIT 1), ?1),"
        " coalesce((SELECT session FROM runs WHERE id = ?2), ''),"
        " coalesce((SELECT s.client FROM runs r JOIN sessions s ON s.id = r.session WHERE r.id = ?2), '')"
        " FROM audit",
        (Head().hash, run),
    )
    # The salt keeps a deleted text from being guessed by its hash.
    told = canonical({**redact_data(_short(data)), "salt": secrets.token_hex(8)})
    seq, at, digest = last + 1, time.time_ns() // 1000, text_hash(told)
    session, run, client = (rows.storable(one) for one in (session or of_session, run, client or of_client))
    hashed = row_hash(seq, at, session, run, client, kind.value, digest, previous)
    await db.execute(
        "INSERT INTO audit (seq, at, session, run, client, kind, data, data_hash, previous, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, at, session, run, client, kind.value, told, digest, previous, hashed),
    )
    return Head(seq, hashed)


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"{value[:_LONGEST_TEXT]} ... ({len(value)} characters, SHA-256 {text_hash(value)})"
    if isinstance(value, Mapping):
        return {str(key): _short(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_short(one) for one in value]
    return value


async def head(db: aiosqlite.Connection) -> Head:
    """Return the end of the log."""
    found = list(await db.execute_fetchall("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"))
    return Head(*found[0]) if found else Head()


async def hash_at(db: aiosqlite.Connection, seq: int) -> str | None:
    """Return the hash of the row at a place, None where there is none."""
    found = list(await db.execute_fetchall("SELECT hash FROM audit WHERE seq = ?", (seq,)))
    return str(found[0][0]) if found else None


async def list_rows(
    db: aiosqlite.Connection, *, run: str = "", session: str = "", kind: str = "", last: int = 0
) -> list[AuditRow]:
    """Return rows in order.

    Args:
        db: Any connection.
        run: Only those of this run.
        session: Only those of this session.
        kind: Only those of this kind.
        last: Only so many, from the end; 0 for all.
    """
    tail = (
        "FROM audit WHERE (?1 = '' OR run = ?1) AND (?2 = '' OR session = ?2) AND (?3 = '' OR kind = ?3)"
        " ORDER BY seq DESC LIMIT ?4"
    )
    found = await rows.select(db, AuditRow, tail, (run, session, kind, last or -1))
    return [AuditRow(*row) for row in reversed(found)]


async def erase(db: aiosqlite.Connection, session: str = "") -> int:
    """Delete the data of the rows of a session, or of all, keeping the chain; say so with ``append``.

    Returns:
        How many rows.
    """
    return await rows.change(
        db,
        "UPDATE audit SET data = NULL WHERE data IS NOT NULL AND (?1 = '' OR session = ?1)",
        (session,),
    )
