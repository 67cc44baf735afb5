"""What ``/usage`` tells: what was used, which limits there are, what is kept and who is left alone."""

import time
from typing import TYPE_CHECKING, Any

from codelab_models.accounts import limits as bounds
from codelab_models.accounts.ledger import HOUR
from codelab_models.host.asking import Means

if TYPE_CHECKING:
    from codelab.config.settings import ModelSettings


def usage(means: Means, limits: "ModelSettings", by: str) -> dict[str, Any]:
    """Return the accounts of the last hour, this day, this month and all that is known.

    Args:
        means: Where they are.
        limits: The limits to compare with.
        by: One of ``GROUPS``: how this month's sums are broken down.
    """
    now = time.time()
    month = bounds.month_began(now)
    since = {"hour": now - HOUR, "day": bounds.day_began(now), "month": month, "all": 0.0}
    return {
        "totals": {name: _one(means.ledger.totals("all", moment)) for name, moment in since.items()},
        "by": by,
        "this_month": means.ledger.totals(by, month),
        "limits": bounds.standing(limits, means.ledger, now),
        "warnings": bounds.warnings(limits, means.ledger, now),
        "cache": means.kept.report(),
        "left_alone": means.breakers.report(),
    }


def _one(rows: list[dict[str, Any]]) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("requests", "cached", "failed", "tokens_in", "tokens_cached", "tokens_out", "cost_usd"), 0
    )
    return {name: value for name, value in (rows[0] if rows else empty).items() if name != "name"}
