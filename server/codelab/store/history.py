"""What became of the calls that a person was asked about, and of those that passed without a question."""

from dataclasses import dataclass, replace
from typing import Any

import aiosqlite

_NEWEST = 500  # older ones weigh next to nothing

_ASKED = """
SELECT a.agent, a.tool, a.kind, a.likeness, a.state, a.replaces, a.decided_by,
    coalesce(a.decided_at, a.asked_at), coalesce(c.state, ''), a.edited IS NOT NULL,
    EXISTS (SELECT 1 FROM checkpoints k WHERE k.call = a.call AND k.state = 'undone') AND c.state = 'done'
FROM approvals a LEFT JOIN calls c ON c.id = a.call
"""


@dataclass(frozen=True, slots=True)
class AskedCall:
    """An approval and what became of its call.

    Attributes:
        agent: The agent.
        tool: The tool.
        kind: ``edit``, ``command`` or ``read``.
        likeness: What calls like it have in common.
        state: The approval's state.
        replaces: The approval that the person edited to make this one, or an empty string.
        decided_by: Who answered.
        at: Unix time of the answer, or of the question.
        call_state: The tool call's state.
        edited: Whether the person edited it instead of answering.
        undone: Whether a change that it made was undone.
    """

    agent: str
    tool: str
    kind: str
    likeness: str
    state: str
    replaces: str
    decided_by: str
    at: float
    call_state: str
    edited: bool
    undone: bool


async def asked_calls(
    db: aiosqlite.Connection, *, agent: str = "", kind: str = "", likeness: str = "", limit: int = _NEWEST
) -> list[AskedCall]:
    """Return what was asked, newest first; where a filter is empty, all."""
    found = await db.execute_fetchall(
        f"{_ASKED} WHERE (?1 = '' OR a.agent = ?1) AND (?2 = '' OR a.kind = ?2)"
        " AND (?3 = '' OR a.likeness = ?3) ORDER BY a.n DESC LIMIT ?4",
        (agent, kind, likeness, limit),
    )
    return [_asked(tuple(row)) for row in found]


def _asked(row: tuple[Any, ...]) -> AskedCall:
    asked = AskedCall(*row)
    return replace(asked, edited=bool(asked.edited), undone=bool(asked.undone))


@dataclass(frozen=True, slots=True)
class AutomaticCall:
    """A change that was made without a question: by a run that may edit, or by a standing rule."""

    agent: str
    undone: bool
    at: float
    by_rule: bool


async def automatic_calls(db: aiosqlite.Connection, limit: int = _NEWEST) -> list[AutomaticCall]:
    """Return the calls that changed files or ran under a standing rule without a question, newest first."""
    found = await db.execute_fetchall(
        """
        SELECT r.agent, max(k.state = 'undone'), max(coalesce(k.created_at, u.used_at)), u.rule IS NOT NULL
        FROM calls c JOIN runs r ON r.id = c.run
        LEFT JOIN checkpoints k ON k.call = c.id
        LEFT JOIN standing_rule_uses u ON u.call = c.id
        WHERE c.state = 'done' AND ((c.approval = '' AND k.id IS NOT NULL) OR u.rule IS NOT NULL)
        GROUP BY c.id ORDER BY c.n DESC LIMIT ?
        """,
        (limit,),
    )
    return [
        AutomaticCall(str(agent), bool(undone), float(at), bool(rule)) for agent, undone, at, rule in found
    ]


async def runs_that_work(db: aiosqlite.Connection) -> int:
    """Return how many runs changed a file or ran a command, or asked to."""
    ((count,),) = await db.execute_fetchall(
        "SELECT count(*) FROM runs r WHERE EXISTS (SELECT 1 FROM approvals a WHERE a.run = r.id)"
        " OR EXISTS (SELECT 1 FROM checkpoints k WHERE k.run = r.id)"
        " OR EXISTS (SELECT 1 FROM standing_rule_uses u WHERE u.run = r.id)"
    )
    return int(count)
