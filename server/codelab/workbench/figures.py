"""How the person was asked, what they answered, and what was undone of what they were not asked about."""

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from codelab.agents.services import Services
from codelab.agents.weighing import KINDS, endings_of
from codelab.policy.trust import trust_in
from codelab.store import history, standing_rules
from codelab.store.history import AskedCall

_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class TrustFigures:
    """The trust in one agent's calls of one kind: a score from 0 to 1, and it in words."""

    agent: str
    kind: str
    score: float
    words: str


@dataclass(frozen=True, slots=True)
class ApprovalFigures:
    """Figures of a workspace.

    Attributes:
        tasks: Runs that changed a file or ran a command, or asked to.
        prompts: Questions that were put to a person, or could not be.
        prompts_per_task: Questions for each such run.
        approved: Questions answered with yes.
        approved_unchanged: Of these, without an edit of the person's.
        share_unchanged: Share of the questions that a person answered which they approved unchanged.
        rejected: Questions that a person answered with no.
        edited: Questions that they answered with an edit.
        unanswered: Questions that expired, were taken back, or that nobody could be asked.
        automatic: Calls that passed without a question.
        automatic_by_rule: Of these, by a standing rule.
        automatic_undone: Of these, undone by the person later.
        rules: Standing rules in force.
        rules_withdrawn: Standing rules that a rejection, an undo or the person ended.
        trust: For each agent and kind of call.
    """

    tasks: int
    prompts: int
    prompts_per_task: float
    approved: int
    approved_unchanged: int
    share_unchanged: float
    rejected: int
    edited: int
    unanswered: int
    automatic: int
    automatic_by_rule: int
    automatic_undone: int
    rules: int
    rules_withdrawn: int
    trust: tuple[TrustFigures, ...]

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return asdict(self)


async def approval_figures(services: Services) -> ApprovalFigures:
    """Return the figures of a workspace."""
    now = time.time()
    async with services.db.read() as rx:
        asked = await history.asked_calls(rx, limit=_ALL)
        automatic = await history.automatic_calls(rx, limit=_ALL)
        tasks = await history.runs_that_work(rx)
        rules = await standing_rules.list_rules(rx, ended=True)
    yes = [one for one in asked if one.state in ("approved", "consumed")]
    unchanged = [one for one in yes if not one.replaces]
    rejected = [one for one in asked if one.state == "rejected" and one.decided_by != "nobody"]
    edited = [one for one in asked if one.edited]
    answered = len(yes) + len(rejected)
    return ApprovalFigures(
        tasks=tasks,
        prompts=len(asked),
        prompts_per_task=round(len(asked) / tasks, 3) if tasks else 0.0,
        approved=len(yes),
        approved_unchanged=len(unchanged),
        share_unchanged=round(len(unchanged) / answered, 3) if answered else 0.0,
        rejected=len(rejected),
        edited=len(edited),
        unanswered=len(asked) - answered - len(edited),
        automatic=len(automatic),
        automatic_by_rule=sum(one.by_rule for one in automatic),
        automatic_undone=sum(one.undone for one in automatic),
        rules=sum(rule.holds(now) for rule in rules),
        rules_withdrawn=sum(rule.ended_at is not None for rule in rules),
        trust=tuple(_trust(asked, now)),
    )


def _trust(asked: list[AskedCall], now: float) -> Iterable[TrustFigures]:
    for agent, kind in sorted({(one.agent, one.kind) for one in asked}):
        of_kind = [one for one in asked if (one.agent, one.kind) == (agent, kind)]
        trust = trust_in(agent, KINDS.get(kind, "calls"), endings_of(of_kind), now)
        yield TrustFigures(agent, kind, round(trust.score, 3), trust.words)
