"""Checkpoints: what a change replaced, kept before the change is made.

prepared (about to be written) -> applied -> undone. One that is still prepared when CodeLab starts was cut
off: the file tells by its content whether the change was made.
"""

import time
from dataclasses import dataclass
from typing import Literal

import aiosqlite

from codelab.core.errors import NotFound
from codelab.core.ids import new_id
from codelab.store import audit, blobs, rows
from codelab.store.audit import AuditKind

CheckpointState = Literal["prepared", "applied", "undone"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One file before and after one change.

    Attributes:
        id: Its id.
        run: The run that made the change.
        call: The tool call.
        path: The file.
        before_blob: Its content before, None where there was no file.
        after_blob: Its content after, None where the change deletes it.
        mode: The file's permission bits before, None where there was no file.
        state: ``prepared``, ``applied`` or ``undone``.
        created_at: Unix time.
    """

    id: str
    run: str
    call: str
    path: str
    before_blob: str | None
    after_blob: str | None
    mode: int | None
    state: CheckpointState
    created_at: float


async def prepare(
    db: aiosqlite.Connection,
    *,
    run: str,
    call: str,
    path: str,
    before: bytes | None,
    after: bytes | None,
    mode: int | None = None,
) -> Checkpoint:
    """Keep what a change is about to replace.

    Args:
        db: A connection inside a transaction; commit it before the file is touched.
        run: The run.
        call: The tool call.
        path: The file.
        before: Its bytes now, None if there is none.
        after: Its bytes after the change, None if it is deleted.
        mode: Its permission bits now.

    Returns:
        The checkpoint, ``prepared``.
    """
    checkpoint = Checkpoint(
        id=new_id("chk"),
        run=run,
        call=call,
        path=path,
        before_blob=None if before is None else await blobs.put(db, before),
        after_blob=None if after is None else await blobs.put(db, after),
        mode=mode,
        state="prepared",
        created_at=time.time(),
    )
    await rows.insert(db, "checkpoints", checkpoint)
    await _note(db, AuditKind.CHANGE_BEGUN, checkpoint)
    return checkpoint


async def _note(db: aiosqlite.Connection, kind: AuditKind, checkpoint: Checkpoint) -> None:
    told = {
        "checkpoint": checkpoint.id,
        "call": checkpoint.call,
        "path": checkpoint.path,
        "before": checkpoint.before_blob,
        "after": checkpoint.after_blob,
    }
    await audit.append(db, kind, told, run=checkpoint.run)


async def mark(db: aiosqlite.Connection, checkpoint_id: str, state: CheckpointState) -> None:
    """Move a checkpoint to another state.

    Raises:
        NotFound: There is no such checkpoint.
    """
    before = await get(db, checkpoint_id)
    await rows.update(db, Checkpoint, "checkpoints", checkpoint_id, {"state": state})
    if before.state != state:
        undone = AuditKind.CHANGE_UNDONE if before.state == "applied" else AuditKind.CHANGE_NOT_MADE
        await _note(db, AuditKind.CHANGE_WRITTEN if state == "applied" else undone, before)


async def get(db: aiosqlite.Connection, checkpoint_id: str) -> Checkpoint:
    """Return a checkpoint.

    Raises:
        NotFound: There is none with this id.
    """
    found = await rows.select(db, Checkpoint, "FROM checkpoints WHERE id = ?", (checkpoint_id,))
    if not found:
        raise NotFound(f"There is no checkpoint {checkpoint_id}")
    return Checkpoint(*found[0])


async def latest_applied(db: aiosqlite.Connection) -> Checkpoint | None:
    """Return the last change that was made and not undone, or None."""
    found = await rows.select(
        db, Checkpoint, "FROM checkpoints WHERE state = 'applied' ORDER BY n DESC LIMIT 1"
    )
    return Checkpoint(*found[0]) if found else None


async def prepared(db: aiosqlite.Connection) -> list[Checkpoint]:
    """Return the changes that were begun and not known to be made, oldest first."""
    found = await rows.select(db, Checkpoint, "FROM checkpoints WHERE state = 'prepared' ORDER BY n")
    return [Checkpoint(*row) for row in found]


async def of_run(db: aiosqlite.Connection, run_id: str) -> list[Checkpoint]:
    """Return a run's checkpoints, oldest first."""
    found = await rows.select(db, Checkpoint, "FROM checkpoints WHERE run = ? ORDER BY n", (run_id,))
    return [Checkpoint(*row) for row in found]


async def content(db: aiosqlite.Connection, blob: str) -> bytes:
    """Return the bytes of a blob.

    Raises:
        StateError: They are missing or no longer what was stored.
    """
    return await blobs.get(db, blob)
