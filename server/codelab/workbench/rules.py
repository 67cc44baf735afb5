"""Standing rules as a face lists and ends them, and the figures that show whether they are worth it."""

import time
from collections.abc import Iterable

from codelab.agents.services import Services
from codelab.core.visible import visible
from codelab.store import standing_rules
from codelab.store.standing_rules import StandingRow
from codelab.workbench.figures import ApprovalFigures, approval_figures
from codelab.workbench.types import StandingRuleView


class StandingRules:
    """What the person said not to be asked about again in a workspace.

    Args:
        services: The parts of a face.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, *, ended: bool = False) -> list[StandingRuleView]:
        """Return the rules, oldest first; with ``ended`` also those that hold no more."""
        now = time.time()
        async with self._services.db.read() as rx:
            rules = await standing_rules.list_rules(rx, ended=ended)
        return [_view(rule, now) for rule in rules if ended or rule.holds(now)]

    async def remove(self, rule: str) -> StandingRuleView:
        """End a rule; a unique beginning of its id is enough.

        Raises:
            NotFound: There is none.
            InputError: Several begin so.
        """
        now = time.time()
        async with self._services.db.write() as tx:
            found = await standing_rules.find(tx, rule)
            await standing_rules.end(tx, found.id, "you removed it", now)
            (ended,) = [one for one in await standing_rules.list_rules(tx, ended=True) if one.id == found.id]
        return _view(ended, now)

    async def withdraw_for(self, calls: Iterable[str]) -> None:
        """End the rules that let calls pass whose changes the person has undone."""
        async with self._services.db.write() as tx:
            for call in calls:
                why = "you undid a change that it allowed"
                await standing_rules.withdraw_used_by(tx, call, why, time.time())

    async def figures(self) -> ApprovalFigures:
        """Return how the person was asked and what they answered."""
        return await approval_figures(self._services)


def _view(rule: StandingRow, now: float) -> StandingRuleView:
    state = rule.ended_why or ("holds" if rule.holds(now) else "expired")
    return StandingRuleView(
        id=rule.id,
        words=visible(rule.words),
        client=visible(rule.client),
        agent=rule.agent,
        created_at=rule.created_at,
        expires_at=rule.expires_at,
        uses=rule.uses,
        state=state,
    )
