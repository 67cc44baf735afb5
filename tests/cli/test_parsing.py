"""Arguments, help and bad input; nothing here opens a workspace."""

import subprocess
import sys
from pathlib import Path

import pytest

from codelab.cli.parser import COMMANDS, parse
from tests.support.command_line import CODELAB, codelab, codelab_process


@pytest.mark.req("CARD-6")
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str) -> None:
    ended = codelab(command, "--help")
    assert ended.code == 0
    assert f"codelab {command}" in ended.out


@pytest.mark.req("CARD-6")
def test_the_version_is_shown() -> None:
    assert codelab("--version").out.startswith("codelab ")


@pytest.mark.req("CARD-6")
@pytest.mark.parametrize(
    "arguments",
    [[], ["nope"], ["search", "-n", "0", "x"], ["search", "-n", "many", "x"], ["ask"], ["approvals", "show"]],
)
def test_arguments_that_make_no_sense_end_with_2_and_a_hint(arguments: list[str]) -> None:
    ended = codelab(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert "--help" in ended.err


@pytest.mark.req("CARD-6")
def test_the_root_may_stand_before_or_behind_an_action() -> None:
    before = parse(["approvals", "--root", "/a", "--json", "show", "apr-1"])[1]
    behind = parse(["approvals", "show", "apr-1", "--root", "/a", "--json"])[1]
    assert (before.root, before.json) == (behind.root, behind.json) == ("/a", True)


@pytest.mark.req("CARD-6")
def test_a_missing_root_is_refused(tmp_path: Path) -> None:
    ended = codelab("search", "--root", tmp_path / "nowhere", "x")
    assert ended.code == 2
    assert "nowhere" in ended.err
    assert ended.out == ""


@pytest.mark.req("CARD-6")
def test_a_file_as_root_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text("")
    ended = codelab("index", "--root", file, "--json")
    assert ended.code == 2
    assert "not a folder" in ended.err
    assert ended.out == ""


@pytest.mark.req("CARD-6")
def test_a_loop_of_links_as_root_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert codelab("search", "--root", loop, "x").code == 2


@pytest.mark.req("CARD-6")
def test_a_search_without_a_query_is_refused(tmp_path: Path) -> None:
    ended = codelab("search", "--root", tmp_path)
    assert ended.code == 2
    assert "--stdin" in ended.err


@pytest.mark.req("CARD-6")
def test_help_imports_nothing_slow() -> None:
    program = (
        "import sys\n"
        "from codelab.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "slow = {'pydantic', 'mcp', 'lsprotocol', 'httpx', 'litellm', 'asyncio', 'tree_sitter'}\n"
        "sys.exit(', '.join(slow & set(sys.modules)) or 0)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.req("CARD-6")
def test_a_broken_pipe_is_silent() -> None:
    with subprocess.Popen([*CODELAB, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.req("CARD-6")
def test_the_module_runs_as_a_program() -> None:
    assert codelab_process("--version").code == 0


@pytest.mark.req("CARD-6")
def test_a_failure_that_nobody_expected_is_told_without_a_trace(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*CODELAB, "config", "--root", tmp_path, "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert "No space left" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.req("CARD-6")
def test_an_unknown_option_is_named_with_the_help_of_its_command() -> None:
    ended = codelab("ask", "--foo", "x")
    assert (ended.code, ended.out) == (2, "")
    assert "--foo" in ended.err and "codelab ask --help" in ended.err


@pytest.mark.req("CARD-6")
def test_a_limit_that_is_no_number_is_told_in_words() -> None:
    assert "a whole number, 1 or more" in codelab("search", "-n", "many", "x").err


@pytest.mark.req("CARD-6", "INDEX-4")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["policy", "explain", "git", "commit", "-m", "x"], "are no options of it stand behind --"),
        (["state", "restore", "/nope"], "There is no backup /nope"),
        (["models", "nope"], "argument ACTION: invalid choice: 'nope'"),
        (["search", "--kind", "nonsense", "x"], "It may be class, concept, "),
        (["search", "--kind", "functions", "x"], "Did you mean function?"),
        (["search", "--path", "[", "x"], "No file of the index matches the path '['"),
        (["search", "--path", "!", "x"], "'!' is no pattern of paths"),
        (["index", "map", "nope.py"], "The index has no file or folder nope.py"),
        (["index", "map", "--tokens", "0"], "a whole number, 50 or more, and not '0'"),
        (["audit", "show", "-n", "-1"], "a whole number, 0 or more, and not '-1'"),
        (["search", "--context", "1001", "x"], "a whole number, 0 to 1000, and not '1001'"),
    ],
)
@pytest.mark.slow
def test_what_cannot_be_asked_for_is_refused_with_what_can(
    tmp_path: Path, arguments: list[str], told: str
) -> None:
    (tmp_path / "a.py").write_text("def f():\n    pass\n")
    ended = codelab(*arguments, "--root", tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


@pytest.mark.req("CARD-6")
@pytest.mark.parametrize("option", [("--root", "."), ("--root=.",), ("--json",)])
def test_an_option_before_the_command_is_told_where_it_stands(option: tuple[str, ...]) -> None:
    ended = codelab(*option, "status")
    assert (ended.code, ended.out) == (2, "")
    assert f"{option[0]} stands behind the command" in ended.err


@pytest.mark.req("CARD-6")
def test_an_empty_query_is_refused(tmp_path: Path) -> None:
    assert codelab("search", "--root", tmp_path, " ").code == 2
