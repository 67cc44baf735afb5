"""The person's limits: how many requests in an hour, and how much money in a day and a month."""

from collections.abc import Callable
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING

from codelab_models.failures import FailureKind, failure
from codelab_models.host.calls import Asked, ModelCall
from codelab_models.host.ledger import Ledger
from codelab_models.host.prices import capped

if TYPE_CHECKING:
    from codelab.config.settings import ModelSettings

HOUR = 3600.0
WARN_FROM = 0.8
"""From this part of a limit on, answers say how near it is."""

LEAST_TOKENS_OUT = 256
"""A budget that does not pay for an answer of so many tokens is used up."""


def check_rate(asked: Asked, ledger: Ledger, now: float) -> None:
    """Refuse a chat request beyond the number that an hour may have.

    Raises:
        ModelFailure: The limit is reached.
    """
    most = asked.limits.requests_per_hour
    if asked.kind != "chat":
        return  # the index asks for vectors in the background, in numbers that no person would guess
    count, oldest = ledger.requests_since(now - HOUR)
    if count >= most:
        wait = max(1.0, oldest + HOUR - now)
        raise failure(
            FailureKind.LIMIT,
            f"The limit of {most} requests to models in an hour is reached",
            why=f"The next one may be sent in {_minutes(wait)}",
            fix="Wait, or raise `models.requests_per_hour`",
            retry_after=wait,
        )


def within_budget(
    litellm: ModuleType | None, call: ModelCall, limits: "ModelSettings", ledger: Ledger, now: float
) -> tuple[ModelCall, float]:
    """Return a request that cannot pass a budget, and the most that it can cost, in US dollars.

    Raises:
        ModelFailure: A budget is used up.
    """
    budgets = _budgets(limits)
    if not budgets:
        return capped(litellm, call, None, LEAST_TOKENS_OUT)
    rests = ((max(0.0, most - ledger.spent_since(start(now))), name, most) for name, most, start in budgets)
    left, name, budget = min(rests)
    fitting, price = capped(litellm, call, left, LEAST_TOKENS_OUT)
    if price > left:
        raise failure(
            FailureKind.LIMIT,
            f"The budget of ${budget:g} for this {name} does not pay for a request to {call.model!r}",
            why=f"${left:.4f} of it are left; the request may cost ${price:.4f}",
            fix=f"Raise `models.budget_usd_{name}`, or use a model that costs less",
        )
    return fitting, price


def warnings(limits: "ModelSettings", ledger: Ledger, now: float) -> list[str]:
    """Say which limits are near, before they bite."""
    said = []
    count, _ = ledger.requests_since(now - HOUR)
    if count >= WARN_FROM * limits.requests_per_hour:
        said.append(
            f"{count} of {limits.requests_per_hour} requests to models in an hour are used"
            " (models.requests_per_hour)"
        )
    for name, budget, start in _budgets(limits):
        spent = ledger.spent_since(start(now))
        if spent >= WARN_FROM * budget:
            said.append(f"${spent:.2f} of ${budget:g} for this {name} are spent (models.budget_usd_{name})")
    return said


def standing(limits: "ModelSettings", ledger: Ledger, now: float) -> dict[str, dict[str, float]]:
    """Return each limit with what is used of it; 0 as a limit means none."""
    count, _ = ledger.requests_since(now - HOUR)
    return {
        "requests_per_hour": {"used": count, "limit": limits.requests_per_hour},
        "budget_usd_day": {"used": ledger.spent_since(day_began(now)), "limit": limits.budget_usd_day},
        "budget_usd_month": {"used": ledger.spent_since(month_began(now)), "limit": limits.budget_usd_month},
    }


def day_began(now: float) -> float:
    """Return when the day began, local time, in seconds since 1970."""
    return datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def month_began(now: float) -> float:
    """Return when the month began, local time, in seconds since 1970."""
    return datetime.fromtimestamp(day_began(now)).replace(day=1).timestamp()


def _budgets(limits: "ModelSettings") -> list[tuple[str, float, Callable[[float], float]]]:
    every = (("day", limits.budget_usd_day, day_began), ("month", limits.budget_usd_month, month_began))
    return [budget for budget in every if budget[1] > 0]


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"
