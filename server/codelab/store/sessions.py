"""Sessions: conversations."""

from dataclasses import dataclass

import aiosqlite

from codelab.core.errors import NotFound
from codelab.store import rows


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation: first words, the client it began in, when (Unix seconds), how changes are approved."""

    id: str
    title: str
    client: str
    created_at: float
    mode: str = "ask"


async def create(db: aiosqlite.Connection, session: Session) -> None:
    """Store a new session."""
    await rows.insert(db, "sessions", session)


async def get(db: aiosqlite.Connection, session_id: str) -> Session:
    """Return a session.

    Raises:
        NotFound: There is none with this id.
    """
    found = await rows.select(db, Session, "FROM sessions WHERE id = ?", (session_id,))
    if not found:
        raise NotFound(f"There is no session {session_id}")
    return Session(*found[0])


async def set_mode(db: aiosqlite.Connection, session_id: str, mode: str) -> None:
    """Write how the changes of a session are approved from now on."""
    await rows.update(db, Session, "sessions", session_id, {"mode": mode})


async def list_sessions(db: aiosqlite.Connection, limit: int = 100) -> list[Session]:
    """Return the latest sessions, newest first."""
    found = await rows.select(db, Session, "FROM sessions ORDER BY n DESC LIMIT ?", (limit,))
    return [Session(*row) for row in found]
