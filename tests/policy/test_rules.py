"""Rules of policy files: deny wins, workspaces only narrow, and nothing lowers a hard rule."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codelab.policy.call import PolicyCall, StandingRule
from codelab.policy.decide import decide
from codelab.policy.matching import holds
from codelab.policy.rules import Rule, Tier
from codelab.policy.rules_in_force import NO_RULES, PolicyRules
from codelab.policy.taint import Taint
from codelab.policy.types import Access, Mode, Outcome, PolicyDecision, Risk, Touch
from codelab.policy.wants import wants_of

pytestmark = pytest.mark.slow

STRICTNESS = {Outcome.ALLOW: 0, Outcome.ASK: 1, Outcome.DENY: 2}
PLAIN = ("a.py", "src/b.py", "docs/c.md", ".")
HARD = (".env", "deploy/id_rsa", ".git/config", ".codelab/policy.toml", "own/config/policy.toml", ".ENV")
EXECUTED = (".vscode/tasks.json", ".husky/pre-commit", "sub/.vscode/x", "node_modules/a.js", "AGENTS.md")
COMMANDS = (("pytest", "-q"), ("git", "push"), ("sh", "-c", "git push"), ("python", "-m", "pytest"), ("ls",))


def everything(effect: Outcome, tier: Tier = Tier.USER) -> list[Rule]:
    """Return rules that speak of every kind of thing, as widely as can be written."""
    return [
        Rule("paths", tier, effect, paths=("**",)),
        Rule("commands", tier, effect, commands=tuple((argv[0],) for argv in COMMANDS)),
        Rule("whole commands", tier, effect, commands=COMMANDS),
        Rule("hosts", tier, effect, hosts=("*",)),
        Rule("imports", tier, effect, imports=("*",)),
    ]


globs = st.sampled_from(("**", "*", "src/**", "*.py", ".env", ".git/**", "docs/", "a.py", "**/tasks.json"))
some = st.lists(globs, max_size=2).map(tuple)
rules = st.builds(
    Rule,
    name=st.sampled_from(("one", "two")),
    tier=st.sampled_from(Tier),
    effect=st.sampled_from(Outcome),
    tools=st.sampled_from(((), ("*",), ("edit_file",), ("run_*",))),
    paths=some,
    access=st.sampled_from(((), (Access.WRITE,), (Access.READ, Access.EXECUTE))),
    commands=st.lists(st.sampled_from((*COMMANDS, ("git",), ("ls",))), max_size=2).map(tuple),
    hosts=st.sampled_from(((), ("*",), ("*.example.com",))),
    imports=st.sampled_from(((), ("*",), ("requests",))),
    agents=st.sampled_from(((), ("coder",))),
    environments=st.sampled_from(((), ("overlay",), ("*",))),
    tainted=st.sampled_from((None, True, False)),
)
rule_lists = st.lists(rules, max_size=6).map(tuple)
touches = st.lists(
    st.builds(Touch, st.sampled_from(PLAIN + HARD + EXECUTED), st.sampled_from(Access)), max_size=4
).map(tuple)
standing = st.lists(
    st.builds(
        StandingRule,
        id=st.just("std"),
        tool=st.sampled_from(("edit_file", "run_command")),
        client=st.just("tests"),
        argv=st.sampled_from(((), *COMMANDS)),
        exact=st.booleans(),
        paths=st.sampled_from(((), ("src/",), (".env", ".git/", "a.py"))),
    ),
    max_size=2,
).map(tuple)
calls = st.builds(
    PolicyCall,
    tool=st.sampled_from(("edit_file", "run_command", "search_code")),
    risk=st.sampled_from(Risk),
    touches=touches,
    argv=st.sampled_from(((), *COMMANDS)),
    hosts=st.sampled_from(((), ("example.com",), ("a.example.com", "evil.test"))),
    imports=st.sampled_from(((), ("requests.adapters",))),
    agent=st.sampled_from(("coder", "ask")),
    client=st.just("tests"),
    mode=st.sampled_from(Mode),
    taint=st.sampled_from((Taint(), Taint(("x",)), Taint(("x",), ("y",)), Taint(private=("y",)))),
    environment=st.sampled_from(("", "overlay", "landlock", "unsandboxed")),
    standing_rules=standing,
)
OWN = ("own",)


def stricter(one: PolicyDecision, other: PolicyDecision) -> bool:
    """Tell whether a decision is at least as strict as another."""
    return STRICTNESS[one.outcome] >= STRICTNESS[other.outcome]


@pytest.mark.req("SAFE-4")
@settings(max_examples=150, deadline=None)
@given(calls, rule_lists)
def test_no_rules_lower_a_hard_rule(call: PolicyCall, written: tuple[Rule, ...]) -> None:
    decision = decide(call, PolicyRules(written, own=OWN))
    changed = [touch for touch in call.touches if touch.access is not Access.READ]
    if any(touch.path in HARD[:2] or touch.path == ".ENV" for touch in call.touches):
        assert decision.outcome is Outcome.DENY
    if any(touch.path in HARD and touch.access is Access.WRITE for touch in call.touches):
        assert decision.outcome is Outcome.DENY
    if any(touch.path in EXECUTED and touch.access is Access.WRITE for touch in call.touches):
        assert decision.outcome is not Outcome.ALLOW
    if call.taint.untrusted and (changed or call.hosts):
        assert decision.outcome is not Outcome.ALLOW
    if call.taint.untrusted and call.taint.private and call.hosts:
        assert decision.outcome is Outcome.DENY
    if call.mode is Mode.PLAN and changed:
        assert decision.outcome is Outcome.DENY
    runs = any(touch.access is Access.EXECUTE for touch in call.touches)
    if runs and call.environment in ("landlock", "unsandboxed"):
        assert decision.outcome is not Outcome.ALLOW


@pytest.mark.req("SAFE-4")
@settings(max_examples=150, deadline=None)
@given(calls, rule_lists, rule_lists)
def test_rules_of_a_workspace_never_widen(
    call: PolicyCall, written: tuple[Rule, ...], more: tuple[Rule, ...]
) -> None:
    workspace = tuple(replace(rule, tier=Tier.WORKSPACE) for rule in more)
    before = decide(call, PolicyRules(written, own=OWN))
    assert stricter(decide(call, PolicyRules(written + workspace, own=OWN)), before)


@pytest.mark.req("SAFE-4")
@settings(max_examples=150, deadline=None)
@given(calls, rule_lists, rule_lists)
def test_what_a_person_allows_does_not_lower_what_an_administrator_forbids_or_asks(
    call: PolicyCall, written: tuple[Rule, ...], more: tuple[Rule, ...]
) -> None:
    strict = tuple(
        replace(rule, tier=Tier.ADMINISTRATOR) for rule in written if rule.effect is not Outcome.ALLOW
    )
    person = tuple(replace(rule, tier=Tier.USER) for rule in more)
    with_person = decide(call, PolicyRules(strict + person, own=OWN))
    by_administrator = decide(call, PolicyRules(strict, own=OWN))
    if by_administrator.place or by_administrator.rule in ("one", "two"):
        assert stricter(with_person, by_administrator)


@pytest.mark.req("SAFE-4")
@settings(max_examples=100, deadline=None)
@given(calls, rule_lists, rules)
def test_a_rule_that_denies_wins_wherever_it_stands(
    call: PolicyCall, written: tuple[Rule, ...], rule: Rule
) -> None:
    deny = replace(rule, effect=Outcome.DENY, tools=(), agents=(), environments=(), tainted=None)
    deny = replace(deny, access=(), paths=(), commands=(), hosts=(), imports=())
    for at in range(len(written) + 1):
        assert decide(call, PolicyRules((*written[:at], deny, *written[at:]))).outcome is Outcome.DENY


@pytest.mark.req("SAFE-4")
@settings(max_examples=100, deadline=None)
@given(calls, rule_lists)
def test_the_same_call_is_decided_the_same(call: PolicyCall, written: tuple[Rule, ...]) -> None:
    first = decide(call, PolicyRules(written, own=OWN))
    assert first == decide(replace(call), PolicyRules(tuple(replace(rule) for rule in written), own=OWN))
    assert first.why


@pytest.mark.req("SAFE-4")
@settings(max_examples=200, deadline=None)
@given(st.lists(calls, min_size=1, max_size=3), rule_lists)
def test_the_rule_that_decides_is_the_first_that_holds_when_all_are_looked_at(
    asked: list[PolicyCall], written: tuple[Rule, ...]
) -> None:
    in_force = PolicyRules(written)
    for call, effect in product(asked, Outcome):
        order = [rule for tier in Tier for rule in written if (rule.tier, rule.effect) == (tier, effect)]
        if effect is Outcome.ALLOW:
            order = [rule for rule in order if rule.tier is not Tier.WORKSPACE]
        for want in wants_of(call):
            held = next((rule for rule in order if holds(rule, want, call)), None)
            assert in_force.applying(call)[effect].first(want) is held


@pytest.mark.req("SAFE-4")
@settings(max_examples=100, deadline=None)
@given(calls, rule_lists)
def test_a_broken_file_lets_nothing_pass_without_a_question(
    call: PolicyCall, written: tuple[Rule, ...]
) -> None:
    broken = PolicyRules(written, broken=("policy.toml, line 3: wrong",), own=OWN)
    decision = decide(call, broken)
    assert decision.outcome is not Outcome.ALLOW
    assert stricter(decision, decide(call, PolicyRules(written, own=OWN)))


def call_of(*paths: str, access: Access = Access.WRITE, **more: Any) -> PolicyCall:
    """Return a call that touches files in one way."""
    touched = tuple(Touch(path, access) for path in paths)
    return replace(PolicyCall("edit_file", Risk.MEDIUM, touched, client="tests"), **more)


CONTROLS = {
    "secrets": (call_of(".env"), call_of("env.txt")),
    "own-folders": (call_of("own/config/x"), call_of("owner/x")),
    "never-written": (call_of("a/.git/info/exclude"), call_of("a/git/info/exclude")),
    "protected": (call_of(".vscode/tasks.json"), call_of("vscode/tasks.json")),
    "plan": (call_of("a.py", mode=Mode.PLAN), call_of("a.py")),
    "taint": (call_of("a.py", taint=Taint(("README.md",))), call_of("a.py")),
    "egress": (
        call_of(hosts=("a.example.com",), taint=Taint(("x",), ("y",))),
        call_of(hosts=("a.example.com",), taint=Taint(private=("y",))),
    ),
    "weak-sandbox": (
        call_of(".", access=Access.EXECUTE, argv=("pytest",), environment="unsandboxed"),
        call_of(".", access=Access.EXECUTE, argv=("pytest",), environment="overlay"),
    ),
}


@pytest.mark.req("SAFE-4", "SAFE-9")
@pytest.mark.parametrize("rule", CONTROLS)
def test_each_hard_rule_holds_where_all_else_allows_and_its_control_passes(rule: str) -> None:
    caught, passes = CONTROLS[rule]
    allowing = PolicyRules(tuple(everything(Outcome.ALLOW)), own=OWN)
    decision = decide(caught, allowing)
    assert (decision.rule, decision.outcome is Outcome.ALLOW) == (rule, False)
    assert decide(passes, allowing).outcome is Outcome.ALLOW


@pytest.mark.req("SAFE-4")
def test_no_host_is_reached_that_no_rule_names() -> None:
    call = call_of(hosts=("pypi.org",))
    assert decide(call, NO_RULES).rule == "network"
    paths_only = PolicyRules((Rule("paths", Tier.USER, Outcome.ALLOW, paths=("**",)),))
    assert decide(call, paths_only).outcome is Outcome.DENY
    for pattern, allowed in (("pypi.org", True), ("*.pypi.org", False), ("pypi.org.evil.test", False)):
        written = PolicyRules((Rule("hosts", Tier.USER, Outcome.ALLOW, hosts=(pattern,)),))
        assert (decide(call, written).outcome is Outcome.ALLOW) == allowed


@pytest.mark.req("SAFE-4")
@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/sub/a.py", False),
        ("src/**/*.py", "src/sub/deep/a.py", True),
        ("src/**/*.py", "src/a.py", True),
        ("*.sql", "db/x/y.sql", True),
        ("/*.sql", "db/y.sql", False),
        ("docs/", "docs/a/b.md", True),
        ("docs/", "docs2/a.md", False),
        ("**", ".hidden/x", True),
        ("a?.py", "ab.py", True),
        ("a.py", "axpy", False),
        ("x.[ab]", "x.a", False),
    ],
)
def test_a_glob_means_what_its_documentation_says(pattern: str, path: str, matches: bool) -> None:
    for effect in (Outcome.DENY, Outcome.ALLOW):
        rule = Rule("r", Tier.USER, effect, paths=(pattern,))
        assert (decide(call_of(path), PolicyRules((rule,))).rule == "r") == matches


@pytest.mark.req("SAFE-4")
@pytest.mark.parametrize(
    "path", ["SRC/A.PY", "src/a.py.", "src/a.py::$DATA", "src/\u200ba.py", "\uff53rc/a.py"]
)
def test_what_forbids_is_understood_widely_and_what_allows_literally(path: str) -> None:
    deny, allow = (
        Rule("r", Tier.USER, effect, paths=("src/a.py",)) for effect in (Outcome.DENY, Outcome.ALLOW)
    )
    assert decide(call_of(path), PolicyRules((deny,))).outcome is Outcome.DENY
    assert decide(call_of(path), PolicyRules((allow,))).outcome is Outcome.ASK


@pytest.mark.req("SAFE-4")
@pytest.mark.parametrize(
    ("argv", "denied"),
    [
        (("git", "push"), True),
        (("/usr/bin/git", "push", "--force"), True),
        (("sh", "-c", "cd x && git push origin"), True),
        (("bash", "-lc", "true;git push"), True),
        (("bash", "-c", "echo 'unclosed; git push"), True),
        (("git", "status"), False),
        (("echo", "git", "push"), False),
    ],
)
def test_a_forbidden_command_is_found_by_any_path_and_in_a_shells_line(
    argv: tuple[str, ...], denied: bool
) -> None:
    rule = Rule("no push", Tier.USER, Outcome.DENY, commands=(("git", "push"),))
    decision = decide(call_of(".", access=Access.EXECUTE, argv=argv), PolicyRules((rule,)))
    assert (decision.outcome is Outcome.DENY) == denied


@pytest.mark.req("SAFE-3", "SAFE-4")
@pytest.mark.parametrize(
    ("argv", "exact", "call", "allowed"),
    [
        (("cargo", "test"), True, ("cargo", "test"), True),
        (("cargo", "test"), True, ("cargo", "test", "-q"), False),
        (("cargo", "test"), False, ("cargo", "test", "-q"), True),
        (("cargo", "test"), False, ("cargo", "testing"), False),
        (("sh", "-c", "true"), True, ("sh", "-c", "true"), False),
        (("python3", "x.py"), True, ("python3", "x.py"), False),
        (("env", "A=1", "ls"), False, ("env", "A=1", "ls"), False),
        ((), False, ("ls",), False),
    ],
)
def test_a_standing_rule_is_literal_and_never_for_what_runs_anything(
    argv: tuple[str, ...], exact: bool, call: tuple[str, ...], allowed: bool
) -> None:
    rule = StandingRule("s", "edit_file", "tests", argv, exact)
    asked = call_of(".", access=Access.EXECUTE, argv=call, environment="overlay", standing_rules=(rule,))
    assert (decide(asked, NO_RULES).outcome is Outcome.ALLOW) == allowed
    for other in ({"client": "other"}, {"tool": "run_tests"}, {"taint": Taint(("x",))}, {"hosts": ("h.io",)}):
        assert decide(replace(asked, **other), NO_RULES).outcome is not Outcome.ALLOW


@pytest.mark.req("SAFE-4")
def test_an_allowed_command_does_not_allow_what_it_writes() -> None:
    rule = PolicyRules((Rule("r", Tier.USER, Outcome.ALLOW, paths=(".",), commands=(("ls",),)),))
    runs = call_of(".", access=Access.EXECUTE, argv=("ls",), environment="overlay")
    assert decide(runs, rule).outcome is Outcome.ALLOW
    assert decide(call_of("a.py", argv=("ls",)), rule).outcome is Outcome.ASK


@pytest.mark.req("SAFE-4")
@pytest.mark.parametrize(
    ("pattern", "name", "denied"),
    [
        ("requests", "requests.adapters", True),
        ("requests", "requestsx", False),
        ("@acme/*", "@acme/lib", True),
        ("std::process", "std::process::Command", True),
    ],
)
def test_a_rule_about_imports_holds_for_what_lies_below_a_package(
    pattern: str, name: str, denied: bool
) -> None:
    rule = PolicyRules((Rule("r", Tier.USER, Outcome.DENY, imports=(pattern,)),))
    assert (decide(call_of("a.py", imports=(name,)), rule).rule == "r") == denied


@pytest.mark.req("SAFE-4")
def test_the_conditions_of_a_rule_all_have_to_be_met() -> None:
    met = {"tools": ("edit_*",), "agents": ("coder",), "clients": ("tests",), "environments": ("overlay",)}
    unmet = {"tools": ("run_*",), "agents": ("ask",), "clients": ("Zed",), "environments": ("landlock",)}
    call = call_of("a.py", agent="coder", environment="overlay")
    for names in product(*((met[key], unmet[key]) for key in met)):
        conditions: dict[str, Any] = dict(zip(met, names, strict=True))
        rule = replace(Rule("r", Tier.USER, Outcome.DENY), **conditions)
        assert (decide(call, PolicyRules((rule,))).outcome is Outcome.DENY) == (conditions == met)


@pytest.mark.req("SAFE-2", "SAFE-4")
def test_the_digest_of_the_rules_is_of_what_decides_and_of_nothing_else() -> None:
    rule = Rule("one", Tier.USER, Outcome.ASK, paths=("a.py",), place="policy.toml:1")
    digest = PolicyRules((rule,)).digest
    renamed = replace(rule, name="two", why="because", place="policy.toml:9")
    assert PolicyRules((renamed,)).digest == digest
    others: list[dict[str, Any]] = [
        {"effect": Outcome.DENY},
        {"paths": ("b.py",)},
        {"commands": (("ls",),)},
        {"tainted": False},
    ]
    assert all(PolicyRules((replace(rule, **other),)).digest != digest for other in others)
    assert len({digest, NO_RULES.digest, PolicyRules((rule,), ("wrong",)).digest}) == 3
    assert PolicyRules((rule,), own=OWN).digest != digest
