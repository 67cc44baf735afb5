"""New code is looked through by an installed analyser: the person sees what it warns of, and decides."""

import json
import os
import sys
from pathlib import Path

import pytest

from codelab.agents.code_check import ANALYSERS, Finding, added_lines
from codelab.core.events import RunState
from codelab.tools.contract import FileChange
from codelab.workbench.types import Verdict
from tests.support.bench import Person, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model

pytestmark = [pytest.mark.slow, pytest.mark.req("SAFE-10")]

OLD = "import subprocess\n\n\ndef old(x):\n    subprocess.run(x, shell=True)\n"
LAST = "    subprocess.run(x, shell=True)\n"
NEW = "\n\ndef new(x):\n    return eval(x)\n"


async def propose(root: Path, path: str, text: str) -> tuple[str, str]:
    """Let the agent add text to a file; return what the person was shown and what the agent was told."""
    there = (root / path).exists()
    content = OLD + text if there else text
    edit = {"replacements": [{"old": LAST, "new": LAST + text}]} if there else {"content": text}
    script = [
        When("go", role="user").call("edit_file", {"path": path, **edit}),
        When(role="tool").say("Done."),
    ]
    with scripted_model(script) as model:
        configure(model, "[sandbox]\nas_root = true\n")
        async with bench_on(root) as bench:
            person = Person(bench, Verdict.APPROVED)
            bench.attach(prompter=person)
            result = await (await bench.act("go")).result()
            assert result.state is RunState.DONE
    assert (root / path).read_text() == content, "a warning blocks nothing"
    return person.shown[0].detail, model.requests[-1].body["messages"][-1]["content"]


@pytest.fixture
def with_ruff(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a workspace whose own tools have the analyser."""
    root = write_files(tmp_path / "shop", {"a.py": OLD})
    (root / ".venv" / "bin").mkdir(parents=True)
    ruff = Path(sys.executable).parent / "ruff"
    (root / ".venv" / "bin" / "ruff").write_bytes(ruff.resolve().read_bytes())
    (root / ".venv" / "bin" / "ruff").chmod(0o755)
    return root


async def test_the_person_and_the_agent_are_told_of_dangers_in_new_lines_only(with_ruff: Path) -> None:
    shown, told = await propose(with_ruff, "a.py", NEW)
    assert shown.startswith("Security: a.py:9: S307 ")
    assert "(ruff)" in shown
    assert "S602" not in shown, "that was there before"
    assert "a.py:9: S307" in told


async def test_new_files_are_looked_through_and_harmless_code_brings_nothing(with_ruff: Path) -> None:
    shown, _ = await propose(
        with_ruff, "deep/er/new.py", "import pickle\n\n\ndef f(x):\n    return pickle.loads(x)\n"
    )
    assert "Security: deep/er/new.py:5: S301" in shown
    shown, told = await propose(with_ruff, "a.py", "\n\ndef fine():\n    return 1\n")
    assert "Security" not in shown + told


async def test_an_analyser_of_the_workspaces_own_cannot_forge_a_diff(with_ruff: Path) -> None:
    liar = with_ruff / ".venv" / "bin" / "ruff"
    forged = "fine\n+++ b/b.py\x1b[2J" + "x" * 999
    said = json.dumps([
        {"filename": "a.py", "location": {"row": 9}, "code": "OK", "message": forged},
        {"filename": "/etc/passwd", "location": {"row": 1}, "code": "OK", "message": "read"},
    ])  # fmt: skip
    liar.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\n")
    shown, _ = await propose(with_ruff, "a.py", NEW)
    first, second = shown.split("\n")[:2]
    assert first.startswith("Security: a.py:9: OK fine +++ b/b.py<U+001B>[2Jxxx")
    assert len(first) < 300
    assert second.startswith("---")


async def test_where_no_analyser_is_installed_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    root = write_files(tmp_path / "shop", {"a.py": OLD})
    shown, told = await propose(root, "a.py", NEW)
    assert "Security" not in shown + told


def test_what_analysers_say_is_read() -> None:
    ruff, bandit = ANALYSERS
    said = [{"filename": "/w/a.py", "location": {"row": 3, "column": 1}, "code": "S602", "message": "shell"}]
    assert ruff.findings(said) == [Finding("/w/a.py", 3, "S602 shell")]
    results = [{"filename": "./a.py", "line_number": 3, "test_id": "B602", "issue_text": "shell"}]
    assert bandit.findings({"results": results}) == [Finding("./a.py", 3, "B602 shell")]


def test_added_lines_are_counted_in_the_new_text() -> None:
    before = "".join(f"{number}\n" for number in range(30))
    after = before.replace("2\n", "two\nmore\n", 1).replace("25\n", "", 1) + "last\n"
    change = FileChange("a.py", b"", b"", before, after)
    lines = after.split("\n")
    assert [lines[number - 1] for number in sorted(added_lines(change))] == ["two", "more", "last"]
