"""``codelab audit``: what an agent did is told, checked, and written out."""

import asyncio
import json
from contextlib import closing
from pathlib import Path

import pytest

from codelab.config.places import find_places
from codelab.store import sqlite
from codelab.store.audit_chain import AuditRow, check
from codelab.store.audit_mirror import read_head
from codelab.workbench.types import Verdict
from tests.support.bench import Person, bench_on, configure, write_files
from tests.support.command_line import codelab
from tests.support.model_server import When, scripted_model

pytestmark = [pytest.mark.slow, pytest.mark.req("SAFE-7")]

EDIT = {"path": "a.py", "replacements": [{"old": "one = 1", "new": "one = 2"}]}
AS_ROOT = "[sandbox]\nas_root = true\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a workspace in which an agent was refused a file, changed another, ran a command, was undone."""
    root = write_files(tmp_path / "shop", {"a.py": "one = 1\n", ".env": "PASSWORD=hunter2-hunter2\n"})
    asyncio.run(work_in(root))
    return root


async def work_in(root: Path) -> None:
    script = [
        When("go", role="user").call("read_file", {"path": ".env"}),
        When("Refused", role="tool").call("edit_file", EDIT),
        When("a.py changed", role="tool").call("run_command", {"argv": ["cat", "a.py"]}),
        When(role="tool").say("Done."),
    ]
    with scripted_model(script) as model:
        configure(model, AS_ROOT)
        async with bench_on(root, client="Neovim") as bench:
            bench.attach(prompter=Person(bench, Verdict.APPROVED, Verdict.APPROVED))
            await (await bench.act("go")).result()
            await bench.undo()


def test_everything_that_was_decided_and_done_is_told_in_order(root: Path) -> None:
    rows = codelab("audit", "show", "--json", "-n", "0", "--root", root).data
    told = [(row["kind"], json.loads(row["data"])) for row in rows]
    assert [kind for kind, _ in told] == [
        "override",
        "decision",
        "call-ended",
        "decision",
        "approval-asked",
        "approval-answered",
        "approval-used",
        "change-begun",
        "call-started",
        "change-written",
        "call-ended",
        "decision",
        "approval-asked",
        "approval-answered",
        "approval-used",
        "call-started",
        "command-started",
        "command-ended",
        "call-ended",
        "change-undone",
    ]
    by_kind = dict(reversed(told))
    decision = by_kind["decision"]
    assert (decision["outcome"], decision["rule"], decision["touches"]) == ("deny", "secrets", ["read .env"])
    assert by_kind["approval-answered"]["by"] == "Neovim (cli)"
    assert by_kind["command-started"]["argv"] == ["cat", "a.py"]
    assert by_kind["command-started"]["sandbox"] in ("overlay", "read-only", "landlock")
    ended = by_kind["command-ended"]
    assert ended["code"] == 0
    assert ended["usage"]["seconds"] > 0
    assert by_kind["override"] | {"salt": ""} == {"settings": ["sandbox.as_root"], "salt": ""}
    assert {row["client"] for row in rows} == {"Neovim"}
    assert "one = 2" not in codelab("audit", "export", "--root", root).out
    one = codelab("audit", "show", "--kind", "command-ended", "--root", root)
    assert one.out.count("\n") == 1
    assert "Neovim" in one.out


def test_what_was_written_out_can_be_checked_without_the_database(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    assert codelab("audit", "export", file, "--root", root).code == 0
    rows = [AuditRow(**json.loads(line)) for line in file.read_text().splitlines()]
    assert check(rows, read_head(find_places().audit_head(root))).whole
    again = codelab("audit", "export", file, "--root", root)
    assert (again.code, "cannot be written" in again.err) == (2, True)


def test_a_whole_log_and_a_broken_one_are_told_apart(root: Path) -> None:
    whole = codelab("audit", "verify", "--root", root)
    assert (whole.code, whole.out) == (0, "The audit log is whole: 20 rows.\n")
    with closing(sqlite.connect(find_places().state_db(root))) as connection:
        connection.execute("DROP TRIGGER audit_keeps_its_values")
        connection.execute("UPDATE audit SET client = 'somebody' WHERE seq = 7")
    broken = codelab("audit", "--root", root)
    assert (broken.code, broken.out) == (1, "The audit log is broken: row 7: it was changed.\n")
    assert codelab("audit", "verify", "--json", "--root", root).data["broken"] == 7


def test_a_log_that_was_deleted_with_its_database_is_missed(root: Path) -> None:
    find_places().state_db(root).unlink()
    found = codelab("audit", "--root", root)
    assert (found.code, found.out) == (
        1,
        "The audit log is broken: row 1: rows 1 to 20 are missing at the end.\n",
    )


def test_a_log_with_nothing_in_it_is_whole(tmp_path: Path) -> None:
    root = write_files(tmp_path / "new", {})
    assert codelab("audit", "--root", root).out == "The audit log is whole: 0 rows.\n"
    assert codelab("audit", "show", "--root", root).err == "Nothing is in the log.\n"


def test_whether_a_workspace_is_trusted_is_told(tmp_path: Path) -> None:
    root = write_files(tmp_path / "new", {})
    for action in ("trust", "distrust"):
        assert codelab("config", action, "--root", root).code == 0
    rows = codelab("audit", "show", "--kind", "trust-changed", "--json", "--root", root).data
    assert [json.loads(row["data"])["trusted"] for row in rows] == [True, False]
