"""Labels of what a session has read; they are added and never taken off."""

import aiosqlite

from codelab.store import rows

_MOST_CHARACTERS = 300  # of a source: it is shown to people


async def add(db: aiosqlite.Connection, session: str, label: str, source: str) -> None:
    """Add a label to a session; one that it has stays.

    Args:
        db: A connection inside a transaction.
        session: The session.
        label: ``untrusted`` or ``private``.
        source: Where it comes from, for people.
    """
    await db.execute(
        "INSERT OR IGNORE INTO taints (session, label, source) VALUES (?, ?, ?)",
        (session, label, rows.storable(source[:_MOST_CHARACTERS])),
    )


async def of_session(db: aiosqlite.Connection, session: str, label: str) -> tuple[str, ...]:
    """Return the sources of a label, the first one first."""
    found = await db.execute_fetchall(
        "SELECT source FROM taints WHERE session = ? AND label = ? ORDER BY n", (session, label)
    )
    return tuple(source for (source,) in found)
