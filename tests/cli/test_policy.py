"""``codelab policy``: show, check and explain; what the doctor says of a policy file."""

from pathlib import Path

import pytest

from codelab.config.places import find_places
from tests.support.bench import write_files
from tests.support.command_line import codelab

pytestmark = pytest.mark.slow

RULES = """\
[[rule]]
name = "tests"
effect = "allow"
commands = ["pytest"]

[[rule]]
name = "no push"
why = "The pipeline does it"
effect = "deny"
commands = ["git push"]
"""


def shop(tmp_path: Path, policy: str = RULES) -> tuple[Path, Path]:
    """Return a workspace and the person's policy file."""
    path = find_places().user_policy
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(policy, encoding="utf-8")
    return write_files(tmp_path / "shop", {"a.py": "one\n"}), path


@pytest.mark.req("SAFE-4", "CARD-6")
def test_a_decision_is_explained_with_its_rule_its_place_and_what_would_change_it(tmp_path: Path) -> None:
    root, path = shop(tmp_path)
    ended = codelab("policy", "explain", "--root", root, "--", "git", "push", "--force")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == [
        'deny (risk critical): your rule "no push" denies `git push --force`: The pipeline does it',
        f"rule: no push ({path}:6)",
        f"what would change it: the rule at {path}:6 taken away; a rule that allows does not outweigh it",
    ]


@pytest.mark.req("SAFE-4")
@pytest.mark.parametrize(
    ("call", "outcome", "rule"),
    [
        (("edit_file", '{"path": "a.py"}'), "ask", "writing"),
        (("--mode", "allow-edits", "edit_file", '{"path": "a.py"}'), "allow", "allow-edits"),
        (("--tainted", "--mode", "allow-edits", "edit_file", '{"path": "a.py"}'), "ask", "taint"),
        (("--mode", "plan", "edit_file", '{"path": "a.py"}'), "deny", "plan"),
        (("edit_file", '{"path": ".vscode/tasks.json"}'), "ask", "protected"),
        (("read_file", '{"path": ".env"}'), "deny", "secrets"),
        (("git_status",), "allow", "reading"),
        (("--", "ls"), "ask", "running"),
    ],
)
def test_a_call_is_explained_for_programs(
    tmp_path: Path, call: tuple[str, ...], outcome: str, rule: str
) -> None:
    root, _ = shop(tmp_path, "")
    ended = codelab("policy", "explain", "--root", root, "--json", *call)
    assert (ended.code, ended.data["outcome"], ended.data["rule"]) == (0, outcome, rule), ended.err
    assert ended.data["change"]


@pytest.mark.req("SAFE-4", "CARD-6")
def test_a_mistake_in_a_policy_file_is_shown_by_check_and_by_the_doctor(tmp_path: Path) -> None:
    root, path = shop(tmp_path)
    good = codelab("policy", "check", "--root", root)
    assert (good.code, good.out) == (0, "1 policy file, 2 rules: all right.\n")
    path.write_text(f'{RULES}colour = "red"\n')
    bad = codelab("policy", "check", "--root", root)
    assert bad.code == 1
    assert bad.out.startswith(f"{path}, line 11: colour: there is no such key")
    doctor = codelab("doctor", "--root", root, "--json")
    (check,) = [one for one in doctor.data["checks"] if one["name"] == "policy"]
    assert (doctor.code, check["state"]) == (1, "broken")
    assert "line 11: colour" in check["detail"]


@pytest.mark.req("SAFE-4", "CARD-6")
def test_the_rules_in_force_are_shown_with_where_they_come_from(tmp_path: Path) -> None:
    root, path = shop(tmp_path)
    shown = codelab("policy", "--root", root)
    assert f"  deny: no push  commands git push  ({path}:6)" in shown.out
    assert "protected: what an editor, a shell, git or a package manager executes" in shown.out
    data = codelab("policy", "show", "--root", root, "--json").data
    assert [rule["name"] for rule in data["rules"]] == ["tests", "no push"]
    assert {file["tier"] for file in data["files"]} == {"administrator", "user", "workspace"}


@pytest.mark.req("SAFE-4")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (("edit_file", "{"), "These are no arguments of edit_file"),
        (("edit_file", '{"path": "../x"}'), "leads out of the workspace"),
        (("edit_file", "{}", "x"), "one JSON text"),
    ],
)
def test_a_call_that_makes_no_sense_gets_one_message(
    tmp_path: Path, call: tuple[str, ...], message: str
) -> None:
    root, _ = shop(tmp_path)
    ended = codelab("policy", "explain", "--root", root, *call)
    assert ended.code != 0
    assert message in ended.err
