"""Policy files: mistakes have a line and a key, a file with one fails closed, tiers keep their place."""

import os
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from codelab.config.places import Places, find_places
from codelab.policy.call import PolicyCall
from codelab.policy.decide import decide
from codelab.policy.load import WORKSPACE_POLICY, PolicySource, load_policy
from codelab.policy.policy_file import read_policy
from codelab.policy.rules import Rule, Tier
from codelab.policy.types import Access, Outcome, Risk, Touch
from tests.support.bench import write_files
from tests.support.source_tree import ROOT

DENY = '[[rule]]\nname = "no sql"\neffect = "deny"\npaths = ["*.sql"]\n'
HEAD = '[[rule]]\nname = "a"\neffect = "deny"\n'
ALLOWING = HEAD.replace("deny", "allow")
ALLOW = '[[rule]]\nname = "docs"\neffect = "allow"\npaths = ["docs/"]\naccess = ["write"]\n'
EDIT = PolicyCall("edit_file", Risk.MEDIUM, (Touch("docs/a.md", Access.WRITE),))
READ = PolicyCall("read_file", Risk.LOW, (Touch("docs/a.md", Access.READ),))
SQL = PolicyCall("read_file", Risk.LOW, (Touch("db/x.sql", Access.READ),))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return replace(find_places(), site=tmp_path / "site")


def write_policies(places: Places, root: Path, **texts: str) -> None:
    """Write the policy files of some tiers."""
    paths = {
        "administrator": places.site_policy,
        "user": places.user_policy,
        "workspace": root / WORKSPACE_POLICY,
    }
    for tier, text in texts.items():
        paths[tier].parent.mkdir(parents=True, exist_ok=True)
        paths[tier].write_text(text, encoding="utf-8")


@pytest.mark.req("SAFE-4")
@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[[rule]\nname = 1", "p.toml, line 1: this is not TOML"),
        ('[[rule]]\nname = "a"\neffect = "deny', "p.toml, line 3: this is not TOML"),
        ("rules = 1", "p.toml, line 1: there is no key rules"),
        ('[rule]\nname = "a"', "write [[rule]] before each rule"),
        (
            f'{DENY}\n[[rule]]\nname = "b"\neffect = "maybe"',
            "line 8: effect: Input should be 'allow', 'ask' or",
        ),
        ('[[rule]]\neffect = "deny"', "line 1: name: Field required"),
        (f'{DENY}path = ["x"]', "line 5: path: there is no such key; a rule has name"),
        (f"{DENY}tools = []", "line 5: tools: "),
        (f'{DENY}tools = "edit_file"', "line 5: tools: "),
        (f'{DENY}agents = [""]', "line 5: agents: an empty pattern matches nothing"),
        (f'{DENY}tainted = "yes"', "line 5: tainted: "),
        (
            f'{HEAD}paths = ["/etc/x"]',
            "line 4: paths: /etc/x is not relative",
        ),
        (
            f'{HEAD}paths = ["a/../b"]',
            "line 4: paths: a/../b is not relative",
        ),
        (
            f'{HEAD}hosts = ["https://x.io"]',
            "line 4: hosts: https://x.io is no host",
        ),
        (f'{HEAD}commands = ["a \'b"]', "line 4: commands: a 'b: No closing"),
        (f'{DENY}hosts = ["x.io"]', "line 1: hosts and paths or access never hold together"),
        (
            f'{ALLOWING}tools = ["*"]',
            "must name paths, commands, hosts or imports",
        ),
        (f"{ALLOW}tainted = true", "nothing is allowed by itself in a session that has read untrusted"),
        (f'{ALLOWING}commands = ["sh -c"]', "`sh -c` would allow everything"),
        (
            f'{ALLOWING}commands = ["python3"]',
            "`python3` would allow everything",
        ),
        (f'{ALLOWING}commands = ["xargs rm"]', "xargs starts other programs"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_key(text: str, mistake: str) -> None:
    read = read_policy(text, Tier.USER, "p.toml")
    assert any(mistake in one for one in read.mistakes), read.mistakes
    assert all(rule.effect is not Outcome.ALLOW for rule in read.rules)


@pytest.mark.req("SAFE-4")
def test_a_rule_knows_its_place_and_all_its_conditions() -> None:
    text = f"""{DENY}
[[rule]]
name = "all"
effect = "ask"
why = "because"
tools = ["run_*"]
paths = ["x/**"]
access = ["execute"]
commands = ["git -c 'a b' push"]
agents = ["coder"]
clients = ["Zed"]
environments = ["overlay"]
tainted = true
"""
    read = read_policy(text, Tier.ADMINISTRATOR, "p.toml")
    assert read.mistakes == ()
    rule = read.rules[1]
    assert (rule.place, rule.tier, rule.effect, rule.why) == (
        "p.toml:6",
        Tier.ADMINISTRATOR,
        Outcome.ASK,
        "because",
    )
    assert rule.commands == (("git", "-c", "a b", "push"),)
    assert (rule.access, rule.tainted, rule.environments) == ((Access.EXECUTE,), True, ("overlay",))


@pytest.mark.req("SAFE-4")
@pytest.mark.parametrize(
    "broken", ["[[rule", f'{ALLOW}colour = "red"', f'{ALLOW}\n[[rule]]\nname = "x"', "\udcff", "x" * 100_000]
)
def test_a_file_with_a_mistake_lets_nothing_pass_and_still_forbids_what_can_be_read(
    places: Places, tmp_path: Path, broken: str
) -> None:
    root = write_files(tmp_path / "shop", {})
    write_policies(places, root, administrator=DENY, user=ALLOW)
    whole = load_policy(places, root, trusted=False)
    assert [decide(call, whole.rules).outcome for call in (EDIT, READ, SQL)] == [
        Outcome.ALLOW,
        Outcome.ALLOW,
        Outcome.DENY,
    ]
    places.user_policy.write_bytes(broken.encode("utf-8", "surrogateescape"))
    loaded = load_policy(places, root, trusted=False)
    assert [decide(call, loaded.rules).outcome for call in (EDIT, READ, SQL)] == [
        Outcome.ASK,
        Outcome.ASK,
        Outcome.DENY,
    ]
    assert str(places.user_policy) in decide(EDIT, loaded.rules).why
    assert any(str(places.user_policy) in note for note in loaded.notes)


@pytest.mark.req("SAFE-4")
def test_a_file_that_cannot_be_read_is_a_mistake_and_one_that_is_not_there_is_none(
    places: Places, tmp_path: Path
) -> None:
    root = write_files(tmp_path / "shop", {})
    assert load_policy(places, root, trusted=True).rules.broken == ()
    places.user_policy.mkdir(parents=True)
    assert "cannot be read" in load_policy(places, root, trusted=True).rules.broken[0]


@pytest.mark.req("SAFE-4", "SAFE-9")
def test_a_workspace_only_narrows_and_only_where_it_is_trusted(places: Places, tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {WORKSPACE_POLICY: f"{DENY}\n{ALLOW}"})
    unread = load_policy(places, root, trusted=False)
    assert decide(SQL, unread.rules).outcome is Outcome.ALLOW
    assert any("not trusted" in note for note in unread.notes)
    read = load_policy(places, root, trusted=True)
    assert decide(SQL, read.rules).outcome is Outcome.DENY
    assert decide(EDIT, read.rules).outcome is Outcome.ASK
    assert any("a workspace only narrows" in note for note in read.notes)


@pytest.mark.req("SAFE-4", "SAFE-9")
def test_a_workspaces_policy_that_is_a_link_out_of_it_is_not_read(places: Places, tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {".codelab/x": ""})
    (tmp_path / "outside.toml").write_text(DENY)
    (root / WORKSPACE_POLICY).symlink_to(tmp_path / "outside.toml")
    loaded = load_policy(places, root, trusted=True)
    assert "leads out of the workspace" in loaded.rules.broken[0]


@pytest.mark.req("SAFE-4")
def test_what_a_person_allows_does_not_lower_the_administrators_rules(places: Places, tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {})
    asks = ALLOW.replace('"allow"', '"ask"').replace("docs", "all docs", 1)
    write_policies(places, root, user=ALLOW)
    assert decide(EDIT, load_policy(places, root, trusted=False).rules).outcome is Outcome.ALLOW
    write_policies(places, root, administrator=asks)
    decision = decide(EDIT, load_policy(places, root, trusted=False).rules)
    assert (decision.outcome, decision.rule) == (Outcome.ASK, "all docs")
    assert decision.place == f"{places.site_policy}:1"


@pytest.mark.req("SAFE-4")
def test_a_policy_file_that_changes_is_read_again(places: Places, tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {})
    source = PolicySource(places, root, trusted=False)
    assert source.current() is source.current()
    assert decide(SQL, source.current().rules).outcome is Outcome.ALLOW
    write_policies(places, root, user=DENY)
    assert decide(SQL, source.current().rules).outcome is Outcome.DENY
    places.user_policy.unlink()
    assert decide(SQL, source.current().rules).outcome is Outcome.ALLOW


@pytest.mark.req("SAFE-4")
@pytest.mark.parametrize("root", ["", "config", "config/deep"])
def test_no_agent_reaches_codelabs_own_folders_wherever_the_workspace_lies(tmp_path: Path, root: str) -> None:
    home = tmp_path / "home"
    places = Places(home / "config", home / "data", home / "cache", home / "site")
    workspace = (home / root).resolve()
    workspace.mkdir(parents=True)
    rules = load_policy(places, workspace, trusted=True).rules
    policy = os.path.relpath(places.user_policy, workspace)
    if not policy.startswith(".."):
        for access in (Access.READ, Access.WRITE):
            call = PolicyCall("edit_file", Risk.MEDIUM, (Touch(policy, access),))
            assert decide(call, rules).rule == "own-folders"
    plain = decide(PolicyCall("edit_file", Risk.MEDIUM, (Touch("a.py", Access.WRITE),)), rules)
    assert (plain.outcome is Outcome.DENY) == (root != "")


@pytest.mark.req("CARD-8", "SAFE-4")
def test_the_rules_that_the_page_about_policy_shows_are_rules() -> None:
    page = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    for block in blocks:
        read = read_policy(block, Tier.USER, "docs/policy.md")
        assert (read.mistakes, len(read.rules) > 0) == ((), True)
    keys = {
        key for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)
    }
    assert {field.name for field in fields(Rule)} - {"tier", "place"} <= keys
