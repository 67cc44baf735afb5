"""The messages that passed between a run and its model."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import aiosqlite

from codelab.core.redaction import redact_data
from codelab.store import rows
from codelab.store.row_hashes import check_row
from codelab_models.wire import Message, ToolCall

_COLUMNS = "SELECT m.run, m.role, m.content, m.calls, m.call_id, m.hash FROM messages m "


async def append(db: aiosqlite.Connection, run_id: str, message: Message) -> None:
    """Store a message after those the run has."""
    calls = json.dumps(redact_data([asdict(call) for call in message.calls]))
    await db.execute(
        "INSERT INTO messages (run, role, content, calls, call_id) VALUES (?, ?, ?, ?, ?)",
        (run_id, message.role, rows.storable(message.content), calls, rows.storable(message.call_id)),
    )


async def of_run(db: aiosqlite.Connection, run_id: str) -> list[Message]:
    """Return a run's messages in order."""
    return _messages(await db.execute_fetchall(_COLUMNS + "WHERE m.run = ? ORDER BY m.n", (run_id,)))


async def of_session(db: aiosqlite.Connection, session_id: str) -> list[Message]:
    """Return the messages of all runs of a session, run after run."""
    tail = "JOIN runs r ON r.id = m.run WHERE r.session = ? ORDER BY r.n, m.n"
    return _messages(await db.execute_fetchall(_COLUMNS + tail, (session_id,)))


def _messages(found: Iterable[Any]) -> list[Message]:
    said = []
    for run, role, content, calls, call_id, stored in found:
        values = {"run": run, "role": role, "content": content, "calls": calls, "call_id": call_id}
        check_row("messages", values, stored)
        said.append(Message(role, content, tuple(ToolCall(**call) for call in json.loads(calls)), call_id))
    return said
