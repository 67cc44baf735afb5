"""Tool calls and what became of them."""

from dataclasses import dataclass
from typing import Any, Literal

import aiosqlite

from codelab.core.errors import NotFound
from codelab.store import audit, rows
from codelab.store.audit import AuditKind

CallState = Literal["proposed", "executing", "done", "failed", "denied"]


_TOLD = {
    "executing": AuditKind.CALL_STARTED,
    "done": AuditKind.CALL_ENDED,
    "failed": AuditKind.CALL_ENDED,
    "denied": AuditKind.CALL_ENDED,
}


@dataclass(frozen=True, slots=True)
class CallRow:
    """One tool call of a run.

    Attributes:
        id: Its id.
        run: The run that makes it.
        seq: Its place among the run's calls.
        name: The tool.
        arguments: What the model wrote.
        state: How it stands; ``executing`` at a start means that a process died in the middle of it.
        result: What the model was told.
        approval: The approval it needed, or an empty string.
        checkpoint: The checkpoint that undoes it, or an empty string.
        prepared: What its undo must know, as JSON: ``folders`` that were made for a new file, the ``branch``
            that a merge moved, and the commits before and after.
    """

    id: str
    run: str
    seq: int
    name: str
    arguments: str
    state: CallState = "proposed"
    result: str = ""
    approval: str = ""
    checkpoint: str = ""
    prepared: str = ""


async def create(db: aiosqlite.Connection, call: CallRow) -> None:
    """Store a new call."""
    await rows.insert(db, "calls", call)


async def get(db: aiosqlite.Connection, call_id: str) -> CallRow:
    """Return a call.

    Raises:
        NotFound: There is none with this id.
    """
    found = await rows.select(db, CallRow, "FROM calls WHERE id = ?", (call_id,))
    if not found:
        raise NotFound(f"There is no tool call {call_id}")
    return CallRow(*found[0])


async def update(db: aiosqlite.Connection, call_id: str, **values: Any) -> None:
    """Set columns of a call by name.

    Raises:
        NotFound: There is no such call.
        TypeError: A name is not a column.
    """
    if not await rows.update(db, CallRow, "calls", call_id, values):
        raise NotFound(f"There is no tool call {call_id}")
    if kind := _TOLD.get(values.get("state", "")):
        call = await get(db, call_id)
        told = {"call": call.id, "tool": call.name, "state": call.state}
        if call.approval:
            told["approval"] = call.approval
        await audit.append(db, kind, told, run=call.run)


async def of_run(db: aiosqlite.Connection, run_id: str) -> list[CallRow]:
    """Return a run's calls in order."""
    return [
        CallRow(*row)
        for row in await rows.select(db, CallRow, "FROM calls WHERE run = ? ORDER BY n", (run_id,))
    ]
