"""The person's limits: how many requests in an hour, and how much money for whom."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from codelab.core.errors import ModelError
from codelab_models.accounts.ledger import HOUR, Ledger, Whose
from codelab_models.failures import FailureKind, failure

if TYPE_CHECKING:
    from codelab.config.settings import ModelSettings

WARN_FROM = 0.8
"""From this part of a limit on, answers say how near it is."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose request it is, as the accounts name it."""

    session: str
    agent: str
    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class Budget:
    """Money for somebody in some time.

    Attributes:
        usd: How much, in US dollars.
        title: For whom and when, for a person: ``this day``, ``the agent 'coder' this month``.
        setting: The setting that says so.
        since: From a moment to when the time began, both in seconds since 1970.
        whose: What it is for; empty for all requests.
        name: Which session, agent, model or provider.
    """

    usd: float
    title: str
    setting: str
    since: Callable[[float], float]
    whose: Whose = ""
    name: str = ""

    def spent(self, ledger: Ledger, now: float) -> float:
        """Return what is spent of it, in US dollars."""
        return ledger.spent_since(self.since(now), self.whose, self.name)


def budgets_of(limits: "ModelSettings") -> Iterator[Budget]:
    """Yield the budgets that do not depend on who asks."""
    for name, usd in (("day", limits.budget_usd_day), ("month", limits.budget_usd_month)):
        if usd:
            yield Budget(usd, f"this {name}", f"models.budget_usd_{name}", _PERIODS[name])
    for line in limits.budgets:
        for_what, whom, dollars, period = line.split()
        for whose in _WHOSE:
            if whose == for_what:
                title = f"the {whose} {whom!r} this {period}"
                yield Budget(float(dollars), title, "models.budgets", _PERIODS[period], whose, whom)


def budgets_for(limits: "ModelSettings", asker: Asker) -> list[Budget]:
    """Return the budgets that a request must fit into."""
    fitting = [
        budget
        for budget in budgets_of(limits)
        if not budget.whose or getattr(asker, budget.whose) == budget.name
    ]
    if limits.budget_usd_session and asker.session:
        setting = "models.budget_usd_session"
        fitting.append(
            Budget(
                limits.budget_usd_session, "this session", setting, lambda _: 0.0, "session", asker.session
            )
        )
    return fitting


def too_many(limits: "ModelSettings", ledger: Ledger, now: float) -> ModelError | None:
    """Return the error for a chat request beyond the number that an hour may have, if this one is."""
    most = limits.requests_per_hour
    count, oldest = ledger.requests_since(now - HOUR)
    if count < most:
        return None
    wait = max(1.0, oldest + HOUR - now)
    return failure(
        FailureKind.LIMIT,
        f"The limit of {most} requests to models in an hour is reached",
        why=f"The next one may be sent in {_minutes(wait)}",
        fix="Wait, or raise `models.requests_per_hour`",
        retry_after=wait,
    )


def used_up(budget: Budget, why: str, model: str) -> ModelError:
    """Return the error for a request that a budget does not pay for."""
    instead = "start a new session" if budget.whose == "session" else "use a model that costs less"
    return failure(
        FailureKind.LIMIT,
        f"The budget of ${budget.usd:g} for {budget.title} does not pay for a request to {model!r}",
        why=why,
        fix=f"Raise `{budget.setting}`, or {instead}; `codelab usage` shows what it was spent on",
    )


def warnings(limits: "ModelSettings", ledger: Ledger, now: float, asker: Asker | None = None) -> list[str]:
    """Say which limits are near, before they bite: those of a request, or of all."""
    said = []
    count, _ = ledger.requests_since(now - HOUR)
    most = limits.requests_per_hour
    if count >= WARN_FROM * most or 0 < count == most - 1:  # a small limit is told by the last request too
        said.append(f"{count} of {most} requests to models in an hour are used (models.requests_per_hour)")
    for budget in budgets_for(limits, asker) if asker else budgets_of(limits):
        spent = budget.spent(ledger, now)
        if spent >= WARN_FROM * budget.usd:
            said.append(f"${spent:.2f} of ${budget.usd:g} for {budget.title} are spent ({budget.setting})")
    return said


def standing(limits: "ModelSettings", ledger: Ledger, now: float) -> dict[str, dict[str, float]]:
    """Return each limit with what is used of it; 0 as a limit means none."""
    count, _ = ledger.requests_since(now - HOUR)
    return {
        "requests_per_hour": {"used": count, "limit": limits.requests_per_hour},
        "budget_usd_day": {"used": ledger.spent_since(day_began(now)), "limit": limits.budget_usd_day},
        "budget_usd_month": {"used": ledger.spent_since(month_began(now)), "limit": limits.budget_usd_month},
        **{
            budget.title: {"used": budget.spent(ledger, now), "limit": budget.usd}
            for budget in budgets_of(limits)
            if budget.whose
        },
    }


def day_began(now: float) -> float:
    """Return when the day began, local time, in seconds since 1970."""
    return datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def month_began(now: float) -> float:
    """Return when the month began, local time, in seconds since 1970."""
    return datetime.fromtimestamp(day_began(now)).replace(day=1).timestamp()


_PERIODS: dict[str, Callable[[float], float]] = {"day": day_began, "month": month_began}
_WHOSE: tuple[Whose, ...] = ("agent", "model", "provider")


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"
