"""What only the person's own words unlock: denied without them, asked with them, whatever else is allowed."""

import pytest

from codelab.policy.call import PolicyCall, StandingRule
from codelab.policy.decide import decide
from codelab.policy.digest import BoundCall
from codelab.policy.requested import REQUESTED, requested_in
from codelab.policy.rules import Rule, Tier
from codelab.policy.rules_in_force import PolicyRules
from codelab.policy.standing import why_never
from codelab.policy.taint import Taint
from codelab.policy.types import Access, Mode, Outcome, Risk, Touch


@pytest.mark.req("TOOL-2", "SAFE-1")
@pytest.mark.parametrize(
    ("words", "unlocked"),
    [
        ("Push it", {"git_push"}),
        ("fix it, commit and push; then merge topic", {"git_push", "git_merge"}),
        ("pulling from origin", {"git_pull"}),
        ("bitte pushen", {"git_push"}),
        ("tidy up", set()),
        ("the impulse of a submerged cat", set()),
        ("p\u200bush it", set()),
    ],
)
def test_a_tool_is_unlocked_by_its_own_word(words: str, unlocked: set[str]) -> None:
    assert requested_in(words) == unlocked


ALLOWS = PolicyRules(
    (
        Rule("all", Tier.ADMINISTRATOR, Outcome.ALLOW, "x:1", commands=(("git", "push"),)),
        Rule("host", Tier.ADMINISTRATOR, Outcome.ALLOW, "x:2", hosts=("example.com",)),
    )
)


def call(
    tool: str, *, requested: bool, mode: Mode = Mode.ALLOW_EDITS, taint: Taint | None = None
) -> PolicyCall:
    """Return a call of a tool, with every yes beforehand that there can be."""
    argv = ("git", REQUESTED[tool], "https://example.com/x")
    return PolicyCall(
        tool=tool,
        risk=Risk.CRITICAL,
        touches=(Touch(".", Access.EXECUTE), Touch("a.py", Access.WRITE)),
        argv=argv,
        hosts=("example.com",),
        mode=mode,
        taint=taint or Taint(),
        environment="overlay",
        standing_rules=(StandingRule("r", tool, "", argv=argv, paths=("a.py",)),),
        requested=frozenset({tool}) if requested else frozenset(REQUESTED) - {tool},
    )


@pytest.mark.req("TOOL-2", "SAFE-1", "SAFE-4", "SAFE-9")
@pytest.mark.parametrize("tool", REQUESTED)
def test_no_yes_given_beforehand_replaces_the_word_or_the_question(tool: str) -> None:
    for mode in (Mode.ASK, Mode.ALLOW_EDITS):
        unrequested = decide(call(tool, requested=False, mode=mode), ALLOWS)
        assert (unrequested.outcome, unrequested.rule) == (Outcome.DENY, "unrequested")
        requested = decide(call(tool, requested=True, mode=mode), ALLOWS)
        assert (requested.outcome, requested.rule) == (Outcome.ASK, "requested")
    assert decide(call(tool, requested=True, mode=Mode.PLAN), ALLOWS).outcome is Outcome.DENY
    tainted = decide(call(tool, requested=True, taint=Taint(("a",), ("b",))), ALLOWS)
    assert (tainted.outcome, tainted.rule) == (Outcome.DENY, "egress")


@pytest.mark.req("SAFE-2", "SAFE-3")
@pytest.mark.parametrize("tool", REQUESTED)
def test_no_standing_rule_is_given_for_them(tool: str) -> None:
    assert why_never(BoundCall(tool, "/r", "s", "r", "c")) == f"every {REQUESTED[tool]} is asked"
