"""Standing rules: what may be allowed beforehand, and what such a rule covers: that, and nothing else."""

from dataclasses import replace

import pytest

from codelab.policy.digest import BoundCall, BoundCommand, BoundFile
from codelab.policy.standing import (
    Scope,
    covers,
    likeness_of,
    no_riskier,
    read_scope,
    scope_of,
    why_never,
    widened,
    words_of,
)
from codelab.workspace.reading import ABSENT

pytestmark = pytest.mark.req("SAFE-1", "SAFE-3")

COMMAND = BoundCommand(
    argv=("pytest", "-q", "tests/test_a.py"),
    program=("/usr/bin/pytest", "f"),
    operands=(("tests/test_a.py", "t"),),
    directory=".",
    identity="1:2",
    environment=(("LANG", "C"),),
    profile="p",
)
CALL = BoundCall(tool="run_command", root="/w", session="s", run="r", call="k", command=COMMAND)
EDIT = BoundCall(
    tool="edit_file", root="/w", session="s", run="r", call="k", files=(BoundFile("src/a.py", "b", "c"),)
)


def run_of(*argv: str, **more: object) -> BoundCall:
    """Return a call that runs a command."""
    program = (f"/usr/bin/{argv[0].rpartition('/')[2]}", "f")
    return replace(CALL, command=replace(COMMAND, argv=argv, **{"program": program, **more}))


def edit_of(path: str, before: str = "b", after: str = "c") -> BoundCall:
    """Return a call that changes a file."""
    return replace(EDIT, files=(BoundFile(path, before, after),))


def scope(call: BoundCall) -> Scope:
    """Return a call's own scope."""
    found = scope_of(call)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "argv",
    [
        ("bash", "-c", "true"), ("sh", "x.sh"), ("/bin/zsh",), ("BASH",), ("busybox", "ls"),
        ("python3", "-m", "pytest"), ("python3.12", "x.py"), ("./.venv/bin/python", "-V"), ("node", "x.js"),
        ("perl", "-e", "1"), ("awk", "1"), ("sed", "s/a/b/", "x"), ("vim", "x"), ("ruby3.1", "x.rb"),
        ("env", "ls"), ("xargs", "ls"), ("find", ".", "-exec", "ls", ";"), ("timeout", "9", "ls"),
        ("curl", "http://x"), ("ssh", "x"), ("docker", "run", "x"), ("uv", "run", "x"), ("tox",),
        ("sudo", "ls"), ("python.exe",),
        ("ls", "a\nb"),
    ],
)  # fmt: skip
def test_nothing_that_runs_what_it_is_given_gets_a_standing_rule(argv: tuple[str, ...]) -> None:
    call = run_of(*argv)
    assert why_never(call)
    assert not covers(scope(call), call)  # not even one that was stored all the same


@pytest.mark.parametrize(
    "call",
    [
        replace(CALL, taint=("untrusted README.md",)),
        replace(CALL, command=replace(COMMAND, network=True)),
        replace(CALL, command=replace(COMMAND, program=("/usr/bin/python3.11", "f"))),
        edit_of(".vscode/tasks.json"),
        edit_of(".github/workflows/ci.yml"),
        edit_of(".env"),
        edit_of("new.py", before=ABSENT),
        edit_of("old.py", after=ABSENT),
        replace(EDIT, files=(*EDIT.files, *EDIT.files)),
        replace(EDIT, taint=("untrusted https://x", "private")),
    ],
)
def test_hard_cases_never_get_a_standing_rule(call: BoundCall) -> None:
    assert why_never(call)
    assert not covers(Scope("edit", path=call.files[0].path) if call.files else scope(call), call)


@pytest.mark.parametrize(
    "call",
    [CALL, EDIT, replace(EDIT, taint=("private",)), run_of("make", "test"), run_of("git", "status")],
)
def test_an_exact_rule_covers_the_call_that_it_was_given_for(call: BoundCall) -> None:
    assert not why_never(call)
    assert covers(read_scope(scope(call).as_json()), call)
    assert covers(scope(call), replace(call, run="r2", call="k2", session="s2"))


@pytest.mark.parametrize(
    "other",
    [
        run_of("pytest", "-q"),
        run_of("pytest", "-q", "tests/test_a.py", "tests/test_b.py"),
        run_of("pytest", "-x", "tests/test_a.py"),
        run_of("pytest", "-q", "tests/test_a.py", program=("/usr/bin/pytest", "another")),
        run_of("pytest", "-q", "tests/test_a.py", program=("/tmp/pytest", "f")),
        run_of("pytest", "-q", "tests/test_a.py", directory="sub"),
        run_of("pytest", "-q", "tests/test_a.py", profile="another"),
        run_of("pytest", "-q", "tests/test_a.py", environment=(("LANG", "C"), ("PYTEST_ADDOPTS", "-p evil"))),
        EDIT,
    ],
)
def test_an_exact_rule_covers_nothing_else(other: BoundCall) -> None:
    assert not covers(scope(CALL), other)


@pytest.mark.parametrize("path", ["src/A.py", "src/b.py", "src/a.py/x", "a.py", "src/a.py "])
def test_a_rule_for_a_file_covers_that_path_alone(path: str) -> None:
    assert not covers(scope(EDIT), edit_of(path))


@pytest.mark.parametrize(
    ("argv", "covered"),
    [
        (("pytest", "-q"), True),
        (("pytest", "-q", "tests/test_b.py", "tests/test_c.py::test_x"), True),
        (("pytest", "-q", "-p", "evil"), False),
        (("pytest", "-q", "tests", "--rootdir=/"), False),
        (("pytest", "-q", "x=y"), False),
        (("pytest", "-q", "@args"), False),
        (("pytest", "-q", "/etc/passwd"), False),
        (("pytest", "-q", "../other"), False),
        (("pytest", "-q", "a b"), False),
        (("pytest", "-q", "$(x)"), False),
        (("pytest", "-qq", "tests"), False),
        (("pytest",), False),
    ],
)
def test_a_beginning_covers_plain_words_after_it_and_nothing_more(
    argv: tuple[str, ...], covered: bool
) -> None:
    wide = widened(scope(CALL))
    assert (wide.argv, wide.exact) == (("pytest", "-q"), False)
    assert covers(wide, run_of(*argv)) is covered


@pytest.mark.parametrize(
    "argv", [("make", "-s", "test"), ("git", "-P", "log"), ("pytest", "tests"), ("ls", "-l")]
)
def test_a_beginning_that_says_too_little_is_not_widened(argv: tuple[str, ...]) -> None:
    assert widened(scope(run_of(*argv))) == scope(run_of(*argv))


def test_calls_are_alike_by_their_path_or_their_command_up_to_the_last_option() -> None:
    assert likeness_of(EDIT) == "edit src/a.py" != likeness_of(edit_of("src/b.py"))
    assert likeness_of(CALL) == likeness_of(run_of("pytest", "-q", "tests/test_b.py"))
    assert likeness_of(CALL) != likeness_of(run_of("pytest", "-x", "tests/test_b.py"))
    assert likeness_of(replace(EDIT, files=(*EDIT.files, *EDIT.files))) == ""


def test_a_rule_is_told_in_words() -> None:
    assert words_of(scope(EDIT)) == "changes of src/a.py"
    assert words_of(scope(CALL)) == "exactly `pytest -q tests/test_a.py`"
    assert words_of(widened(scope(CALL))) == "`pytest -q`, with files or names after it"


def test_a_riskier_call_than_the_one_it_was_given_for_is_asked() -> None:
    assert no_riskier("medium", "medium") and no_riskier("low", "high")
    assert not no_riskier("critical", "high")
