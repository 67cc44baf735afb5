"""What a run really read: passages and the content they were read from."""

import aiosqlite

from codelab.core.positions import LineSpan


async def add(db: aiosqlite.Connection, run_id: str, span: LineSpan, blob: str) -> None:
    """Note that a run read some lines.

    Args:
        db: A connection inside a transaction.
        run_id: The run.
        span: The lines.
        blob: The hash of the file's content as it was read.
    """
    await db.execute(
        "INSERT OR IGNORE INTO sources (run, path, start_line, end_line, blob) VALUES (?, ?, ?, ?, ?)",
        (run_id, span.path, span.start_line, span.end_line, blob),
    )


async def of_run(db: aiosqlite.Connection, run_id: str) -> list[tuple[LineSpan, str]]:
    """Return what a run read, with the hashes of the contents, in the order of reading."""
    found = await db.execute_fetchall(
        "SELECT path, start_line, end_line, blob FROM sources WHERE run = ? ORDER BY n", (run_id,)
    )
    return [(LineSpan(path, start, end), blob) for path, start, end, blob in found]
