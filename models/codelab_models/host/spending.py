"""A request that fits into the person's budgets, whatever its answer costs."""

from types import ModuleType
from typing import TYPE_CHECKING

from codelab_models.accounts.ledger import Ledger
from codelab_models.accounts.limits import Asker, budgets_for, used_up
from codelab_models.host.calls import Asked, ModelCall
from codelab_models.host.prices import capped

if TYPE_CHECKING:
    from codelab.config.settings import ModelSettings

LEAST_TOKENS_OUT = 256
"""A budget that does not pay for an answer of so many tokens is used up."""


def asker_of(asked: Asked, call: ModelCall) -> Asker:
    """Return whose request it is."""
    return Asker(asked.session, asked.agent, call.provider, call.model)


def is_budgeted(limits: "ModelSettings", asker: Asker) -> bool:
    """Tell whether a budget bounds a request, so that its price must be known."""
    return bool(budgets_for(limits, asker))


def within_budgets(
    litellm: ModuleType | None, asked: Asked, call: ModelCall, ledger: Ledger, now: float
) -> tuple[ModelCall, float]:
    """Return a request that cannot pass a budget, and the most that it can cost, in US dollars.

    Raises:
        ModelFailure: A budget is used up.
    """
    budgets = budgets_for(asked.limits, asker_of(asked, call))
    if not budgets:
        return capped(litellm, call, None, LEAST_TOKENS_OUT)
    rests = [max(0.0, budget.usd - budget.spent(ledger, now)) for budget in budgets]
    left = min(rests)
    fitting, price = capped(litellm, call, left, LEAST_TOKENS_OUT)
    if price > left:
        why = f"${left:.4f} of it are left; the request may cost ${price:.4f}"
        raise used_up(budgets[rests.index(left)], why, call.model)
    return fitting, price
