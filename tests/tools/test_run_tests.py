"""Which command runs a project's tests."""

from pathlib import Path

import pytest

from codelab.core.errors import CodeLabError
from codelab.index.knowledge.repo_map import RepoMap
from codelab.store.overlay import Overlay
from codelab.tools import run_tests
from codelab.tools.contract import Command, ToolContext
from codelab.tools.git_reading import revision, without_secrets
from codelab.workspace.view import WorkspaceView
from tests.support.bench import write_files


class Nothing:
    """Knows no code and finds nothing."""

    async def __call__(self, query: str, *, limit: int, path: str) -> list[object]:
        return []

    async def repo_map(self, tokens: int, files: object = (), words: str = "") -> RepoMap:
        return RepoMap("", 0, (), 0)


async def command_for(tmp_path: Path, files: dict[str, str], **arguments: object) -> Command:
    """Return the command of run_tests in a workspace of some files."""
    root = write_files(tmp_path / "w", files)
    overlay = Overlay.open(tmp_path / "cache", "face-1", lambda face: True)
    try:
        context = ToolContext(WorkspaceView(root, overlay), Nothing(), Nothing())  # type: ignore[arg-type]
        command = await run_tests.TOOL.call(run_tests.RunTests.model_validate(arguments), context)
    finally:
        overlay.close()
    assert isinstance(command, Command)
    return command


@pytest.mark.req("TOOL-2")
@pytest.mark.parametrize(
    ("files", "shown"),
    [
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, "python3 -m pytest -q -p no:cacheprovider"),
        (
            {"tests/conftest.py": "", ".venv/bin/python": ""},
            "./.venv/bin/python -m pytest -q -p no:cacheprovider",
        ),
        ({"test_a.py": ""}, "python3 -m unittest discover"),
        ({"tests/test_a.py": ""}, "python3 -m unittest discover -s tests"),
        ({"tests/__init__.py": "", "tests/test_a.py": ""}, "python3 -m unittest discover -s tests -t ."),
        ({"package.json": '{"scripts": {"test": "vitest"}}'}, "npm test --silent"),
        ({"Cargo.toml": ""}, "cargo test --offline"),
        ({"go.mod": ""}, "go test ./..."),
        ({"Makefile": "all:\n\ntest: all\n\ttrue\n"}, "make test"),
    ],
)  # fmt: skip
async def test_the_runner_that_the_project_uses_is_found(
    tmp_path: Path, files: dict[str, str], shown: str
) -> None:
    assert (await command_for(tmp_path, files)).shown == shown


@pytest.mark.req("TOOL-2")
@pytest.mark.parametrize(
    ("files", "arguments", "told"),
    [
        ({"a.txt": ""}, {}, "No test runner"),
        ({"package.json": '{"scripts": {"test": "echo no test specified"}}'}, {}, "No test runner"),
        ({"package.json": "{"}, {}, "No test runner"),
        ({"go.mod": ""}, {"targets": ["-exec=evil"]}, "no test"),
        ({"go.mod": ""}, {"directory": "../x"}, "refused"),
    ],
)
async def test_what_cannot_be_run_is_told(
    tmp_path: Path, files: dict[str, str], arguments: dict[str, object], told: str
) -> None:
    with pytest.raises(CodeLabError, match=told):
        await command_for(tmp_path, files, **arguments)


@pytest.mark.req("TOOL-2")
async def test_single_tests_are_passed_on_and_the_total_is_told(tmp_path: Path) -> None:
    command = await command_for(tmp_path, {"Cargo.toml": ""}, targets=["pays"], seconds=5)
    assert command.argv == ("cargo", "test", "--offline", "pays")
    assert command.seconds == 5
    assert command.summary is not None
    assert (
        command.summary(0, "running\ntest result: ok. 3 passed\n")
        == "cargo: passed, test result: ok. 3 passed"
    )
    assert command.summary(101, "") == "cargo: failed (status 101)"


@pytest.mark.req("SAFE-7", "TOOL-2")
def test_a_diff_of_secrets_is_left_out_of_what_git_shows() -> None:
    plain = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-old\n+new\n"
    secret = "diff --git a/.env b/.env\n--- a/.env\n+++ b/.env\n@@ -1 +1 @@\n-KEY=1\n+KEY=2\n"
    gone = (
        'diff --git "a/my id_rsa" "b/my id_rsa"\n--- "a/deploy/id_rsa"\n+++ /dev/null\n@@ -1 +0,0 @@\n-KEY\n'
    )
    shown = without_secrets(f"commit 1\n{plain}{secret}commit 2\n{gone}{plain}")
    assert "KEY" not in shown
    assert shown.count("+new") == 2
    assert "commit 1" in shown and "commit 2" in shown


@pytest.mark.req("SAFE-4")
@pytest.mark.parametrize("text", ["--output=/etc/x", "-O/evil", "HEAD --ext-diff", "HEAD\n--x"])
def test_a_revision_is_never_an_option_of_git(text: str) -> None:
    with pytest.raises(CodeLabError, match="no revision"):
        revision(text)
    assert revision("main..HEAD~2") == "main..HEAD~2"  # the control
