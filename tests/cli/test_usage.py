"""``codelab usage``: what the model host tells, for a person and for a program."""

from pathlib import Path

import pytest

from codelab.cli.commands.usage import lines
from codelab.config.places import find_places
from tests.support.command_line import codelab
from tests.support.model_host import end_process, started_hosts

pytestmark = pytest.mark.req("MODEL-4", "SAFE-4")

SUMS = {
    "requests": 1200,
    "cached": 2,
    "failed": 0,
    "tokens_in": 34000,
    "tokens_cached": 30000,
    "tokens_out": 56,
    "cost_usd": 0.5,
}
NOTHING = dict.fromkeys(SUMS, 0)


def test_a_person_reads_what_was_used_and_how_near_the_limits_are() -> None:
    said = {
        "totals": {"hour": NOTHING, "day": SUMS, "month": SUMS, "all": SUMS},
        "by": "agent",
        "this_month": [{"name": "coder", **SUMS}, {"name": "", **NOTHING}],
        "limits": {
            "requests_per_hour": {"used": 90, "limit": 100},
            "budget_usd_day": {"used": 0.5, "limit": 2.0},
            "budget_usd_month": {"used": 0.5, "limit": 0},
            "the agent 'coder' this month": {"used": 0.25, "limit": 5},
        },
        "warnings": ["90 of 100 requests"],
        "cache": {"answers": 3, "hits": 2, "characters": 10, "file": "x"},
        "left_alone": [{"provider": "openai", "api_base": "", "failures": 3, "seconds": 12.0}],
    }
    assert lines(said) == [
        "Last hour: 0 requests, 0 tokens in, 0 out, $0.0000",
        "Today: 1,200 requests, 2 answered from the cache, 34,000 tokens in (30,000 of them in the "
        "provider's cache), 56 out, $0.5000",
        *(f"{title}: {rest}" for title in ("This month", "All") for rest in [_SAME]),
        "",
        "This month by agent:",
        f"  coder: {_SAME}",
        "  (none): 0 requests, 0 tokens in, 0 out, $0.0000",
        "",
        "Requests in an hour: 90 of 100 (models.requests_per_hour)",
        "Spent this day: $0.5000 of $2 (models.budget_usd_day)",
        "Spent this month: $0.5000 (no limit; models.budget_usd_month sets one)",
        "Spent for the agent 'coder' this month: $0.2500 of $5 (models.budgets)",
        "Kept answers: 3, used 2 times (--clear-cache forgets them)",
        "openai failed 3 times in a row; asked again in 12 s",
        "Note: 90 of 100 requests",
    ]


_SAME = (
    "1,200 requests, 2 answered from the cache, 34,000 tokens in (30,000 of them in the provider's cache), "
    "56 out, $0.5000"
)


@pytest.mark.slow
def test_the_command_asks_the_host(codelab_home: Path) -> None:
    (codelab_home / "config").mkdir()
    (codelab_home / "config" / "config.toml").write_text("[models]\nrequests_per_hour = 7\n")
    try:
        ended = codelab("usage", "--json", "--by", "day")
        assert ended.code == 0, ended.err
        assert ended.data["limits"]["requests_per_hour"] == {"used": 0, "limit": 7}
        assert ended.data["by"] == "day"
        assert codelab("usage", "--clear-cache").out == "0 kept answers are forgotten.\n"
        assert codelab("usage", "--by", "colour").code == 2
    finally:
        for pid in started_hosts(find_places()):
            end_process(pid)
