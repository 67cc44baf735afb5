"""The policy's rules, strictest first."""

import pytest

from codelab.policy.decide import decide
from codelab.policy.types import Access, Approve, Outcome, Risk, Touch


def check_decision(path: str, access: Access, approve: Approve, outcome: Outcome, rule: str) -> None:
    """Check what policy says about touching one file."""
    decision = decide(Risk.MEDIUM, [Touch(path, access)], approve)
    assert (decision.outcome, decision.rule) == (outcome, rule)
    assert decision.why


@pytest.mark.req("SAFE-1", "SAFE-4")
@pytest.mark.parametrize(
    ("path", "access", "approve", "outcome", "rule"),
    [
        ("src/a.py", Access.READ, Approve.DENY, Outcome.ALLOW, "reading"),
        ("src/a.py", Access.WRITE, Approve.ASK, Outcome.ASK, "writing"),
        ("src/a.py", Access.WRITE, Approve.DENY, Outcome.DENY, "run-denies"),
        ("src/a.py", Access.WRITE, Approve.ALLOW_EDITS, Outcome.ALLOW, "run-allows-edits"),
        (".vscode/tasks.json", Access.WRITE, Approve.ALLOW_EDITS, Outcome.ASK, "protected"),
        (".VSCode/Tasks.json", Access.WRITE, Approve.ALLOW_EDITS, Outcome.ASK, "protected"),
        (".pre-commit-config.yaml", Access.WRITE, Approve.ALLOW_EDITS, Outcome.ASK, "protected"),
        (".git/info/exclude", Access.WRITE, Approve.ALLOW_EDITS, Outcome.DENY, "never-written"),
        ("vendor/lib/.GIT/hooks/pre-commit", Access.WRITE, Approve.ASK, Outcome.DENY, "never-written"),
        (".codelab/config.toml", Access.WRITE, Approve.ALLOW_EDITS, Outcome.DENY, "never-written"),
        (".env", Access.READ, Approve.ALLOW_EDITS, Outcome.DENY, "secrets"),
        (".", Access.EXECUTE, Approve.ASK, Outcome.ASK, "running"),
        ("sub", Access.EXECUTE, Approve.ALLOW_EDITS, Outcome.ASK, "running"),
        (".", Access.EXECUTE, Approve.DENY, Outcome.DENY, "run-denies"),
        ("deploy/id_rsa", Access.WRITE, Approve.ALLOW_EDITS, Outcome.DENY, "secrets"),
    ],
)
def test_the_strictest_rule_decides(
    path: str, access: Access, approve: Approve, outcome: Outcome, rule: str
) -> None:
    check_decision(path, access, approve, outcome, rule)


@pytest.mark.req("SAFE-1")
def test_one_forbidden_file_among_many_forbids_the_call() -> None:
    touches = [
        Touch("a.py", Access.WRITE),
        Touch(".git/info/exclude", Access.WRITE),
        Touch("b.py", Access.READ),
    ]
    assert decide(Risk.LOW, touches, Approve.ALLOW_EDITS).outcome is Outcome.DENY
