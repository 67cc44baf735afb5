"""``codelab data``: everything can be taken along; what is deleted is gone, but for the audit's chain."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from codelab.config.places import find_places
from codelab.store.backups import list_backups
from codelab.workbench.types import Verdict
from tests.support.bench import Person, bench_on, configure, write_files
from tests.support.command_line import codelab
from tests.support.model_server import When, scripted_model

pytestmark = [pytest.mark.slow, pytest.mark.req("SAFE-8")]

EDIT = {"path": "a.py", "replacements": [{"old": "one = 1", "new": "one = 2"}]}
ASKED, OTHER = "change marigold please", "change dandelion please"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a workspace with two sessions, of which one changed a file, and a backup."""
    root = write_files(tmp_path / "shop", {"a.py": "one = 1\n"})
    asyncio.run(two_sessions(root))
    assert codelab("state", "backup", "--root", root).code == 0
    return root


async def two_sessions(root: Path) -> None:
    script = [
        When("marigold", role="user").call("edit_file", EDIT),
        When("dandelion", role="user").say("The dandelion stays."),
        When(role="tool").say("The marigold is done."),
    ]
    with scripted_model(script) as model:
        configure(model)
        async with bench_on(root) as bench:
            bench.attach(prompter=Person(bench, Verdict.APPROVED))
            for task in (ASKED, OTHER):
                await (await bench.act(task)).result()


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def found_in_files(text: str) -> list[str]:
    """Return the files of CodeLab that hold a text."""
    folder = find_places().data.parent
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_everything_is_written_out_and_readable_without_codelab(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "exported"
    assert codelab("data", "export", folder, "--root", root).code == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    listed = {one["path"]: one["sha256"] for one in manifest["files"]}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(listed) | {"manifest.json"} == there
    assert all(
        hashlib.sha256((folder / path).read_bytes()).hexdigest() == one for path, one in listed.items()
    )
    (workspace,) = (folder / "workspaces").iterdir()
    assert [row["title"] for row in lines(workspace / "sessions.jsonl")] == [ASKED, OTHER]
    (point,) = lines(workspace / "checkpoints.jsonl")
    assert (workspace / "files" / str(point["before_blob"])).read_text() == "one = 1\n"
    assert (workspace / "files" / str(point["after_blob"])).read_text() == "one = 2\n"
    assert lines(workspace / "audit.jsonl")[-1]["kind"] == "data-exported"
    tables = {"runs", "events", "messages", "calls", "approvals", "taints"}
    assert tables <= {path.stem for path in workspace.glob("*.jsonl")}
    assert (folder / "config" / "config.toml").exists()
    assert codelab("data", "export", folder, "--root", root).code == 2, "the folder is not empty"
    assert codelab("data", "export", tmp_path / "all", "--all", "--root", root).code == 0


def test_a_session_that_is_deleted_is_gone_from_every_file_and_the_other_stays(root: Path) -> None:
    listed = {row["title"]: row["id"] for row in exported(root)}
    assert found_in_files("marigold"), "the control"
    refused = codelab("data", "delete", "--session", listed[ASKED], "--root", root)
    assert refused.code == 6
    assert "1 sessions, 1 runs" in refused.err
    assert found_in_files("marigold"), "nobody said yes"
    assert codelab("data", "delete", "--yes", "--session", listed[ASKED], "--root", root).code == 0
    assert found_in_files("marigold") == []
    assert found_in_files("dandelion")
    assert list_backups(find_places().state_db(root)) == []
    assert codelab("audit", "--root", root).code == 0
    assert codelab("state", "--root", root).code == 0
    assert "sessions=1" in codelab("audit", "show", "--kind", "data-deleted", "--root", root).out
    assert codelab("data", "delete", "--yes", "--session", "ses-none", "--root", root).code == 2


def exported(root: Path) -> list[dict[str, str]]:
    folder = root.parent / "before"
    assert codelab("data", "export", folder, "--root", root).code == 0
    (workspace,) = (folder / "workspaces").iterdir()
    return [{name: str(value) for name, value in row.items()} for row in lines(workspace / "sessions.jsonl")]


@pytest.mark.parametrize("what", ["--workspace", "--all"])
def test_a_workspace_that_is_deleted_leaves_only_the_chain_of_its_audit_log(root: Path, what: str) -> None:
    assert codelab("config", "trust", "--root", root).code == 0
    assert codelab("data", "delete", "--yes", what, "--root", root).code == 0
    for text in ("marigold", "dandelion", "one = 1"):
        assert found_in_files(text) == []
    verdict = codelab("audit", "verify", "--json", "--root", root).data
    assert verdict["whole"]
    assert verdict["rows"] > 5
    kinds = [
        row["kind"]
        for row in codelab("audit", "show", "--json", "-n", "0", "--root", root).data
        if row["data"]
    ]
    assert kinds == ["data-deleted"]
    trusted = codelab("config", "--json", "--root", root).data["trusted"]
    assert trusted is (what == "--workspace")
    assert (root / "a.py").read_text() == "one = 2\n"
    assert codelab("search", "--root", root, "one").code == 0, "it works on as at the first time"


def test_nothing_is_deleted_under_a_face_that_lives(root: Path) -> None:
    async def while_a_face_lives() -> None:
        async with bench_on(root, client="Neovim"):
            refused = await asyncio.to_thread(codelab, "data", "delete", "--yes", "--all", "--root", root)
            assert refused.code == 2
            assert "Neovim is at work" in refused.err

    asyncio.run(while_a_face_lives())
    assert found_in_files("marigold")
