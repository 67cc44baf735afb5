"""The two commands of the README start on any Python and say what they need."""

import ast
import subprocess
import sys

import pytest

from tests.support.source_tree import ROOT

SCRIPTS = ROOT / "scripts"


@pytest.mark.req("CARD-8")
@pytest.mark.parametrize("name", ["environment.py", "try.py", "test.py"])
def test_a_setup_script_is_in_syntax_that_an_old_python_reads(name: str) -> None:
    ast.parse((SCRIPTS / name).read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.req("CARD-8")
@pytest.mark.parametrize("name", ["environment.py", "try.py", "test.py"])
def test_a_setup_script_needs_the_standard_library_only(name: str) -> None:
    tree = ast.parse((SCRIPTS / name).read_text(encoding="utf-8"))
    named = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    named += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in named} - set(sys.stdlib_module_names) <= {"environment"}


@pytest.mark.req("CARD-8")
def test_a_python_that_is_too_old_is_told_in_one_sentence() -> None:
    code = "import environment as e; e.OLDEST = (9, 9); e.NEWER = (); e.run_under_new_enough_python()"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    assert "needs Python 3.11 or later" in answer.stderr


@pytest.mark.req("CARD-8")
def test_the_continuous_integration_runs_the_test_command_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines[-1] == "exec python3 scripts/test.py"
    assert "python3 scripts/test.py" in (ROOT / "README.md").read_text()
