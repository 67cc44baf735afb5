"""The policy's rules, strictest first."""

import pytest

from codelab.policy.call import PolicyCall
from codelab.policy.decide import decide
from codelab.policy.rules_in_force import NO_RULES
from codelab.policy.types import Access, Mode, Outcome, Risk, Touch


def check_decision(path: str, access: Access, mode: Mode, outcome: Outcome, rule: str) -> None:
    """Check what policy says about touching one file."""
    decision = decide(PolicyCall("edit_file", Risk.MEDIUM, (Touch(path, access),), mode=mode), NO_RULES)
    assert (decision.outcome, decision.rule) == (outcome, rule)
    assert decision.why


@pytest.mark.req("SAFE-1", "SAFE-4")
@pytest.mark.parametrize(
    ("path", "access", "mode", "outcome", "rule"),
    [
        ("src/a.py", Access.READ, Mode.PLAN, Outcome.ALLOW, "reading"),
        ("src/a.py", Access.WRITE, Mode.ASK, Outcome.ASK, "writing"),
        ("src/a.py", Access.WRITE, Mode.PLAN, Outcome.DENY, "plan"),
        ("src/a.py", Access.WRITE, Mode.ALLOW_EDITS, Outcome.ALLOW, "allow-edits"),
        (".vscode/tasks.json", Access.WRITE, Mode.ALLOW_EDITS, Outcome.ASK, "protected"),
        (".VSCode/Tasks.json", Access.WRITE, Mode.ALLOW_EDITS, Outcome.ASK, "protected"),
        (".pre-commit-config.yaml", Access.WRITE, Mode.ALLOW_EDITS, Outcome.ASK, "protected"),
        (".git/info/exclude", Access.WRITE, Mode.ALLOW_EDITS, Outcome.DENY, "never-written"),
        ("vendor/lib/.GIT/hooks/pre-commit", Access.WRITE, Mode.ASK, Outcome.DENY, "never-written"),
        (".codelab/config.toml", Access.WRITE, Mode.ALLOW_EDITS, Outcome.DENY, "never-written"),
        (".env", Access.READ, Mode.ALLOW_EDITS, Outcome.DENY, "secrets"),
        (".", Access.EXECUTE, Mode.ASK, Outcome.ASK, "running"),
        ("sub", Access.EXECUTE, Mode.ALLOW_EDITS, Outcome.ASK, "running"),
        (".", Access.EXECUTE, Mode.PLAN, Outcome.DENY, "plan"),
        ("deploy/id_rsa", Access.WRITE, Mode.ALLOW_EDITS, Outcome.DENY, "secrets"),
    ],
)
def test_the_strictest_rule_decides(
    path: str, access: Access, mode: Mode, outcome: Outcome, rule: str
) -> None:
    check_decision(path, access, mode, outcome, rule)


@pytest.mark.req("SAFE-1")
def test_one_forbidden_file_among_many_forbids_the_call() -> None:
    touches = (
        Touch("a.py", Access.WRITE),
        Touch(".git/info/exclude", Access.WRITE),
        Touch("b.py", Access.READ),
    )
    call = PolicyCall("run_command", Risk.LOW, touches, mode=Mode.ALLOW_EDITS)
    assert decide(call, NO_RULES).outcome is Outcome.DENY
