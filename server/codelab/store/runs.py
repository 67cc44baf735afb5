"""Runs and their events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import aiosqlite

from codelab.core.errors import NotFound
from codelab.core.events import AnyEvent, RunState
from codelab.store import events as event_text
from codelab.store import rows


@dataclass(frozen=True, slots=True)
class Run:
    """One piece of work in a session.

    Attributes:
        id: Its id.
        session: The session it belongs to.
        agent: The agent that works.
        reason: Why that agent was chosen.
        task: What the person asked.
        state: How it stands.
        face: The face that drives it.
        mode: How its changes are approved.
        model: The model that answers, or an empty string.
        answer: The answer so far.
        error: What went wrong, in words.
        tokens: Tokens used, in and out.
        cost_usd: Money spent, where prices are known.
        focus: What the person had before them, as JSON, or an empty string.
        wait: Whether its approvals may stay pending where nobody can be asked.
        created_at: Unix time of its start.
        updated_at: Unix time of its last change.
    """

    id: str
    session: str
    agent: str
    reason: str
    task: str
    state: RunState
    face: str
    mode: str
    model: str = ""
    answer: str = ""
    error: str = ""
    tokens: int = 0
    cost_usd: float = 0.0
    focus: str = ""
    wait: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0


async def create(db: aiosqlite.Connection, run: Run) -> None:
    """Store a new run."""
    await rows.insert(db, "runs", run)


async def get(db: aiosqlite.Connection, run_id: str) -> Run:
    """Return a run.

    Raises:
        NotFound: There is none with this id.
    """
    found = await _select(db, "FROM runs WHERE id = ?", (run_id,))
    if not found:
        raise NotFound(f"There is no run {run_id}")
    return found[0]


async def update(db: aiosqlite.Connection, run_id: str, **values: Any) -> None:
    """Set columns of a run by name.

    Raises:
        NotFound: There is no such run.
        TypeError: A name is not a column.
    """
    if not await rows.update(db, Run, "runs", run_id, values):
        raise NotFound(f"There is no run {run_id}")


async def unfinished(db: aiosqlite.Connection) -> list[Run]:
    """Return the runs that have not ended, oldest first."""
    ended = [state.value for state in RunState if state.ended]
    return await _select(db, "FROM runs WHERE state NOT IN (?, ?, ?) ORDER BY n", ended)


async def list_runs(db: aiosqlite.Connection, session: str = "", limit: int = 100) -> list[Run]:
    """Return the latest runs, newest first; those of one session if it is given."""
    return await _select(
        db, "FROM runs WHERE ?1 = '' OR session = ?1 ORDER BY n DESC LIMIT ?2", (session, limit)
    )


async def append_events(db: aiosqlite.Connection, run_id: str, events: Sequence[AnyEvent]) -> list[AnyEvent]:
    """Store events of a run after those it has.

    Args:
        db: A connection inside a transaction: the numbers are given without gaps.
        run_id: The run.
        events: What happened, in order; their own run and seq do not matter.

    Returns:
        The events as they are stored, with their run and their place from 1.

    Raises:
        TypeError: One is a token.
    """
    ((last,),) = await db.execute_fetchall(
        "SELECT coalesce(max(seq), 0) FROM events WHERE run = ?", (run_id,)
    )
    encoded = [(run_id, last + place, event_text.encode(event)) for place, event in enumerate(events, 1)]
    await db.executemany("INSERT INTO events (run, seq, data) VALUES (?, ?, ?)", encoded)
    return [event_text.decode(*row) for row in encoded]


async def events(db: aiosqlite.Connection, run_id: str, after: int = 0) -> list[AnyEvent]:
    """Return a run's events that come after a place, in order."""
    found = await db.execute_fetchall(
        "SELECT seq, data FROM events WHERE run = ? AND seq > ? ORDER BY seq", (run_id, after)
    )
    return [event_text.decode(run_id, seq, data) for seq, data in found]


async def _select(db: aiosqlite.Connection, tail: str, parameters: Sequence[Any]) -> list[Run]:
    found = [Run(*row) for row in await rows.select(db, Run, tail, parameters)]
    return [replace(run, state=RunState(run.state), wait=bool(run.wait)) for run in found]
