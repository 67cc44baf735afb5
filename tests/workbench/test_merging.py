"""Merging: asked for by the person's own words, shown with its difference, whole or not at all."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from codelab.core.errors import EditConflict
from codelab.workbench.types import Mode, Verdict
from tests.support.bench import BufferEditor, Person, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model
from tests.workbench.test_commands import AS_ROOT, commit
from tests.workbench.test_committing import git

pytestmark = pytest.mark.slow

YES, NO = Verdict.APPROVED, Verdict.REJECTED
LINES = "".join(f"line {number}\n" for number in range(20))


def make_branches(root: Path, *, topic: dict[str, str], main: dict[str, str] | None = None) -> Path:
    """Make a repository with a branch ``topic`` that adds some files, and a main that has gone on or not."""
    commit(write_files(root, {"a.txt": LINES, "b.txt": "b\n"}))
    git(root, "config", "user.name", "Somebody")
    git(root, "config", "user.email", "some@body")
    git(root, "branch", "-M", "main")
    git(root, "switch", "-qc", "topic")
    _commit(root, topic, "On the topic")
    git(root, "switch", "-q", "main")
    if main:
        _commit(root, main, "On main")
    return root


def _commit(root: Path, files: dict[str, str], message: str) -> None:
    write_files(root, files)
    git(root, "add", "-A")
    git(root, "commit", "-qm", message)


def state(root: Path) -> dict[str, str]:
    """Return all that a merge could change: the files, the branches, what is staged and what differs."""
    files = {path.name: path.read_text() for path in root.iterdir() if path.is_file()}
    return {
        **files,
        "refs": git(root, "for-each-ref"),
        "status": git(root, "status", "--porcelain=2", "--branch"),
    }


async def merge(
    root: Path,
    *verdicts: Any,
    task: str = "merge topic",
    mode: Mode = Mode.ASK,
    unsaved: str = "",
    undo: bool = False,
) -> tuple[str, Person, list[str]]:
    """Let the agent merge ``topic``; return what it was told, who was asked, and the tools it was offered."""
    script = [When(task, role="user").call("git_merge", {"branch": "topic"}), When(role="tool").say("Done.")]
    with scripted_model(script) as model:
        configure(model, AS_ROOT)
        async with bench_on(root) as bench:
            person, editor = Person(bench, *verdicts), BufferEditor(bench)
            bench.attach(prompter=person, editor=editor)
            if unsaved:
                editor.type(unsaved, "typed\n")
            await (await bench.act(task, mode=mode)).result()
            if undo:
                await bench.undo()
    offered = [tool["function"]["name"] for tool in model.requests[0].body["tools"]]
    return model.requests[-1].body["messages"][-1]["content"], person, offered


@pytest.mark.req("TOOL-2", "SAFE-1", "SAFE-8")
@pytest.mark.parametrize("gone_on", [False, True])
async def test_a_merge_is_shown_with_its_commits_and_its_difference_and_taken_back_whole(
    tmp_path: Path, gone_on: bool
) -> None:
    main = {"b.txt": "b of main\n"} if gone_on else None
    root = make_branches(tmp_path / "shop", topic={"a.txt": f"{LINES}more\n", "new.txt": "new\n"}, main=main)
    before, topic = state(root), git(root, "rev-parse", "topic")
    told, person, offered = await merge(root, YES, YES)
    assert "git_merge" in offered and "git_push" not in offered
    assert "On the topic" in person.shown[0].detail
    assert "1 commit of topic" in person.shown[0].detail
    assert "+more" in person.shown[1].detail and "moves the branch main from" in person.shown[1].detail
    assert "merged into main" in told or "Exit status 0" in told
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "log", "-1", "--format=%s") == ("Merge topic into main" if gone_on else "On the topic")
    assert git(root, "merge-base", "main", "topic") == topic
    git(root, "fsck", "--strict")
    git(root, "reset", "-q", "--hard", "HEAD@{1}")
    assert state(root) == before
    await merge(root, YES, YES, undo=True)
    assert state(root) == before


@pytest.mark.req("TOOL-2", "SAFE-1")
@pytest.mark.parametrize("verdicts", [(NO,), (YES, NO)])
@pytest.mark.parametrize("mode", [Mode.ASK, Mode.ALLOW_EDITS])
async def test_a_merge_that_the_person_refuses_changes_nothing_in_any_mode(
    tmp_path: Path, verdicts: tuple[Verdict, ...], mode: Mode
) -> None:
    root = make_branches(tmp_path / "shop", topic={"a.txt": "other\n"})
    before = state(root)
    _, person, _ = await merge(root, *verdicts, mode=mode)
    assert len(person.shown) == len(verdicts)
    assert state(root) == before


@pytest.mark.req("TOOL-2", "SAFE-9")
async def test_a_merge_that_the_person_did_not_speak_of_is_not_offered_and_not_made(tmp_path: Path) -> None:
    root = make_branches(tmp_path / "shop", topic={"a.txt": "other\n"})
    before = state(root)
    told, person, offered = await merge(root, YES, YES, task="tidy up")
    assert "git_merge" not in offered
    assert "git_merge is there only where the person's own task holds the word 'merge'" in told
    assert person.shown == []
    assert state(root) == before


@pytest.mark.req("TOOL-2", "SAFE-8")
@pytest.mark.parametrize(
    ("topic", "main", "dirty", "told"),
    [
        ({"a.txt": "theirs\n"}, {"a.txt": "mine\n"}, {}, "Merge conflict in a.txt (content)"),
        ({"a.txt": "theirs\n"}, None, {"a.txt": "not committed\n"}, "changes that are not committed"),
        ({"new.txt": "theirs\n"}, None, {"new.txt": "not tracked\n"}, "changes that are not committed"),
        ({"a.txt": "theirs\0\n"}, None, {}, "cannot put before the person"),
        ({".env": "KEY=1\n"}, None, {}, "cannot put before the person"),
    ],
)
async def test_a_merge_that_cannot_be_made_says_why_and_leaves_everything_as_it_was(
    tmp_path: Path, topic: dict[str, str], main: dict[str, str] | None, dirty: dict[str, str], told: str
) -> None:
    root = make_branches(tmp_path / "shop", topic=topic, main=main)
    write_files(root, dirty)
    before = state(root)
    answer, _, _ = await merge(root, YES, YES)
    assert told in answer
    assert state(root) == before
    assert not (root / ".git/MERGE_HEAD").exists()


@pytest.mark.req("TOOL-2", "SAFE-8", "INDEX-7")
async def test_a_merge_does_not_touch_text_that_an_editor_has_not_saved(tmp_path: Path) -> None:
    root = make_branches(tmp_path / "shop", topic={"b.txt": "theirs\n"})
    before = state(root)
    told, _, _ = await merge(root, YES, YES, unsaved="b.txt")
    assert "unsaved text" in told
    assert state(root) == before


@pytest.mark.req("TOOL-2", "SAFE-8")
async def test_a_merge_of_files_in_folders_that_git_ignores_is_whole(tmp_path: Path) -> None:
    topic = {"build/kept.txt": "kept\n", "a.txt": "other\n", ".gitignore": "*.log\n"}
    root = make_branches(tmp_path / "shop", topic=topic)
    await merge(root, YES, YES)
    assert git(root, "status", "--porcelain") == ""
    assert (root / "build/kept.txt").read_text() == "kept\n"


@pytest.mark.req("TOOL-2", "SAFE-8")
async def test_a_merge_is_not_undone_once_the_branch_has_moved_on(tmp_path: Path) -> None:
    root = make_branches(tmp_path / "shop", topic={"a.txt": "other\n"})
    await merge(root, YES, YES)
    _commit(root, {"c.txt": "c\n"}, "Later")
    before = state(root)
    async with bench_on(root) as bench:
        with pytest.raises(EditConflict, match="cannot be undone any more"):
            await bench.undo()
    assert state(root) == before


@pytest.mark.req("TOOL-2", "SAFE-6", "SAFE-9")
async def test_a_merge_runs_no_hook_driver_or_filter_that_the_repository_names(tmp_path: Path) -> None:
    attributes = {".gitattributes": "*.txt merge=evil filter=evil diff=evil\n"}
    topic = {"a.txt": f"{LINES}more\n", **attributes}
    root = make_branches(tmp_path / "shop", topic=topic, main={"a.txt": f"less\n{LINES}", **attributes})
    executed = _make_hostile(root, tmp_path)
    told, _, _ = await merge(root, YES, YES)
    assert "Exit status 0" in told
    assert not executed.exists()
    assert (root / "a.txt").read_text() == f"less\n{LINES}more\n"


@pytest.mark.req("TOOL-2", "SAFE-6")
def test_a_plain_git_merge_runs_what_such_a_repository_names(tmp_path: Path) -> None:
    attributes = {".gitattributes": "*.txt merge=evil filter=evil diff=evil\n"}
    topic = {"a.txt": f"{LINES}more\n", **attributes}
    root = make_branches(tmp_path / "shop", topic=topic, main={"a.txt": f"less\n{LINES}", **attributes})
    executed = _make_hostile(root, tmp_path)
    subprocess.run(["git", "merge", "-q", "topic"], cwd=root, capture_output=True, check=False)
    assert executed.exists()


def _make_hostile(root: Path, tmp_path: Path) -> Path:
    executed = tmp_path / "executed"
    touch = f"touch {executed}; cat"
    with (root / ".git/config").open("a") as config:
        config.write(f'[core]\n\tfsmonitor = "{touch}"\n[merge "evil"]\n\tdriver = "{touch}"\n')
        config.write(f'[filter "evil"]\n\tclean = "{touch}"\n\tsmudge = "{touch}"\n')
    for name in ("pre-merge-commit", "post-merge", "commit-msg", "reference-transaction", "post-checkout"):
        hook = root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{touch}\n")
        hook.chmod(0o755)
    return executed
