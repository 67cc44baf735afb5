"""How much was done in the last hour, of all faces of the person together, in ``user.db``."""

import aiosqlite

MINUTES = 60


async def add(db: aiosqlite.Connection, kind: str, number: int, minute: int) -> None:
    """Count operations, and forget those that are too old to matter.

    Args:
        db: A connection inside a transaction.
        kind: What was done: ``file operations``, ``approvals``.
        number: How often.
        minute: Unix time divided by 60.
    """
    await db.execute("DELETE FROM operations WHERE minute <= ?", (minute - MINUTES,))
    await db.execute(
        "INSERT INTO operations VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET count = count + ?3",
        (kind, minute, number),
    )


async def in_last_hour(db: aiosqlite.Connection, kind: str, minute: int) -> tuple[int, int]:
    """Return how many operations the last 60 minutes hold, and the minute of the oldest of them.

    What a clock that was ahead has left in the future does not count.
    """
    ((count, oldest),) = await db.execute_fetchall(
        "SELECT coalesce(sum(count), 0), coalesce(min(minute), ?2) FROM operations "
        "WHERE kind = ?1 AND minute > ?2 - ?3 AND minute <= ?2",
        (kind, minute, MINUTES),
    )
    return count, oldest
