"""Standing rules: what the person need not be asked about again for a while, each use counted."""

from dataclasses import dataclass

import aiosqlite

from codelab.core.errors import InputError, NotFound
from codelab.core.ids import new_id
from codelab.store import audit, rows
from codelab.store.audit import AuditKind

CLOCK_SLACK_SECONDS = 60.0  # a clock set back further than this makes no rule live longer


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A standing rule.

    Attributes:
        id: Its id.
        client: Client and kind of face in which it was given and for which it holds: ``Neovim (lsp)``.
        tool: The tool of the calls.
        agent: The agent whose calls it is about.
        words: What it allows, for a person.
        scope: What it allows, as JSON; see ``codelab.policy.standing``.
        likeness: What the calls have in common, as approvals have it.
        risk: The risk of the call for which it was given; a riskier one is asked.
        approval: The approval with which the person gave it.
        created_at: Unix time.
        expires_at: Unix time.
        uses: Calls that it let pass.
        used_at: Unix time of the last one, or None.
        ended_at: Unix time at which it was removed or withdrawn, or None.
        ended_why: Why.
    """

    id: str
    client: str
    tool: str
    agent: str
    words: str
    scope: str
    likeness: str
    risk: str
    approval: str
    created_at: float
    expires_at: float
    uses: int = 0
    used_at: float | None = None
    ended_at: float | None = None
    ended_why: str = ""

    def holds(self, now: float) -> bool:
        """Tell whether it is in force; with a clock that was set back it is not.

        Args:
            now: Unix time.
        """
        latest = max(self.created_at, self.used_at or 0.0)
        return self.ended_at is None and latest - CLOCK_SLACK_SECONDS <= now < self.expires_at


async def give(db: aiosqlite.Connection, rule: StandingRow) -> None:
    """Store a new rule."""
    await rows.insert(db, "standing_rules", rule)
    told = {"rule": rule.id, "words": rule.words, "scope": rule.scope, "expires_at": rule.expires_at}
    await audit.append(db, AuditKind.RULE_MADE, {**told, "approval": rule.approval}, client=rule.client)


async def list_rules(db: aiosqlite.Connection, *, ended: bool = False) -> list[StandingRow]:
    """Return the rules that nobody has ended, oldest first; with ``ended`` all."""
    found = await rows.select(
        db, StandingRow, "FROM standing_rules WHERE ?1 OR ended_at IS NULL ORDER BY n", (ended,)
    )
    return [StandingRow(*row) for row in found]


async def of_calls(
    db: aiosqlite.Connection, client: str, agent: str, tool: str, now: float
) -> list[StandingRow]:
    """Return the rules in force about a client's calls of a tool by an agent, oldest first."""
    found = await rows.select(
        db,
        StandingRow,
        "FROM standing_rules WHERE client = ? AND agent = ? AND tool = ? AND ended_at IS NULL ORDER BY n",
        (client, agent, tool),
    )
    return [rule for row in found if (rule := StandingRow(*row)).holds(now)]


async def find(db: aiosqlite.Connection, prefix: str) -> StandingRow:
    """Return the rule whose id begins with some text; ``rule-`` may be left out.

    Raises:
        NotFound: None does.
        InputError: Several do.
    """
    start = prefix if prefix.startswith("rule-") else f"rule-{prefix}"
    found = await rows.select(
        db,
        StandingRow,
        "FROM standing_rules WHERE substr(id, 1, length(?1)) = ?1 AND ended_at IS NULL ORDER BY n LIMIT 2",
        (start,),
    )
    if not found or not prefix:
        raise NotFound(f"There is no standing rule {prefix}", fix="See `codelab approvals rules`")
    if len(found) > 1:
        raise InputError(f"Several standing rules begin with {prefix}", fix="Give more of the id")
    return StandingRow(*found[0])


async def use(db: aiosqlite.Connection, rule: StandingRow, run: str, call: str, now: float) -> int:
    """Count one use, in the transaction that starts the execution.

    Returns:
        How often it was used, this time included; 0 if it no longer holds.
    """
    if not rule.holds(now):
        return 0
    counted = await rows.change(
        db,
        "UPDATE standing_rules SET uses = uses + 1, used_at = ?2"
        " WHERE id = ?1 AND ended_at IS NULL AND ?2 < expires_at",
        (rule.id, now),
    )
    if not counted:
        return 0
    await db.execute(
        "INSERT INTO standing_rule_uses (rule, run, call, used_at) VALUES (?, ?, ?, ?)",
        (rule.id, run, call, now),
    )
    told = {"call": call, "outcome": "allow", "rule": rule.id, "why": f"standing rule: {rule.words}"}
    await audit.append(db, AuditKind.DECISION, told, run=run)
    ((uses,),) = await db.execute_fetchall("SELECT uses FROM standing_rules WHERE id = ?", (rule.id,))
    return int(uses)


async def end(db: aiosqlite.Connection, rule_id: str, why: str, now: float) -> bool:
    """End a rule; false if it had ended."""
    return bool(await _end(db, "id = ?1", rule_id, why, now))


async def withdraw_like(db: aiosqlite.Connection, likeness: str, why: str, now: float) -> int:
    """End the rules about calls like one that the person rejected; return how many there were."""
    return await _end(db, "likeness = ?1", likeness, why, now)


async def withdraw_used_by(db: aiosqlite.Connection, call: str, why: str, now: float) -> int:
    """End the rules that let a call pass which the person undid; return how many there were."""
    used = "id IN (SELECT rule FROM standing_rule_uses WHERE call = ?1)"
    return await _end(db, used, call, why, now)


async def _end(db: aiosqlite.Connection, which: str, value: str, why: str, now: float) -> int:
    ended = list(
        await db.execute_fetchall(
            "UPDATE standing_rules SET ended_at = ?2, ended_why = ?3"  # noqa: S608 - the condition is ours
            f" WHERE ended_at IS NULL AND {which} RETURNING id, client",
            (value, now, why),
        )
    )
    for rule_id, client in ended:
        await audit.append(db, AuditKind.RULE_REMOVED, {"rule": rule_id, "why": why}, client=client)
    return len(ended)


def new_rule_id() -> str:
    """Return an id for a new rule."""
    return new_id("rule")
