"""What bounds a run."""

import pytest

from codelab.agents.limits import Limits
from codelab.config.settings import RunSettings


@pytest.mark.req("AGENT-4")
@pytest.mark.parametrize(
    ("used", "limit"),
    [
        ({"iterations": 8}, ""),
        ({"iterations": 9}, "iterations"),
        ({"tokens": 100}, "tokens"),
        ({"cost_usd": 0.5}, "cost"),
        ({"started": -61.0}, "time"),
        ({"unclear": 2}, ""),
        ({"unclear": 3}, "unclear calls"),
    ],
)
def test_each_limit_leaves_no_tool_when_it_is_reached(used: dict[str, float], limit: str) -> None:
    limits = Limits(RunSettings(iterations=10, tokens=100, cost_usd=0.5, seconds=60), clock=lambda: 0.0)
    for name, value in used.items():
        setattr(limits, name, value)
    assert limits.finishing() == limit


@pytest.mark.req("AGENT-4")
def test_waiting_for_the_person_is_not_working_time() -> None:
    now = [0.0]
    limits = Limits(RunSettings(seconds=60), clock=lambda: now[0])
    now[0], limits.waited = 100.0, 50.0
    assert limits.finishing() == ""
    now[0] = 111.0
    assert limits.finishing() == "time"


@pytest.mark.req("AGENT-4", "SAFE-2")
def test_after_two_refusals_editing_is_withheld_and_after_the_last_search_searching() -> None:
    limits = Limits(RunSettings(searches=1))
    assert limits.withheld() == {}
    limits.searches, limits.rejections = 1, 2
    refused = dict.fromkeys(("edit_file", "run_command", "run_tests"), "rejections")
    assert limits.withheld() == {"search_code": "searches", **refused}
