"""Pulling: the fetch is asked with its address, what it changes with its difference; whole or not at all."""

from pathlib import Path

import pytest

from codelab.workbench.types import Verdict
from tests.support.bench import write_files
from tests.support.git_shop import Shop, call_tool, make_hostile, shop, their_ssh
from tests.workbench.test_committing import git
from tests.workbench.test_merging import state

__all__ = ["shop"]

pytestmark = pytest.mark.slow

YES, NO = Verdict.APPROVED, Verdict.REJECTED


@pytest.mark.req("TOOL-2", "SAFE-1", "SAFE-8")
@pytest.mark.parametrize("gone_on", [False, True])
async def test_what_others_pushed_is_fetched_and_merged_and_taken_back_whole(
    shop: Shop, gone_on: bool
) -> None:
    there = shop.other_commits("a.txt", "two\n", "Others had a second thought")
    if gone_on:
        shop.commit("mine.txt", "Mine")
    before = state(shop.root)
    _, told, person = await call_tool(shop.root, "git_pull", YES, YES, task="pull, please")
    assert (shop.root / "a.txt").read_text() == "two\n", told
    assert git(shop.root, "rev-parse", "origin/main") == there
    assert git(shop.root, "merge-base", "main", there) == there
    assert git(shop.root, "status", "--porcelain") == ""
    git(shop.root, "fsck", "--strict")
    fetched, changed = person.shown
    assert f"from: {shop.server.url()}" in fetched.detail
    assert "+two" in changed.detail and "moves the branch main" in changed.detail
    git(shop.root, "reset", "-q", "--hard", "HEAD@{1}")
    git(shop.root, "update-ref", "refs/remotes/origin/main", git(shop.root, "rev-parse", "main~0"))
    await call_tool(shop.root, "git_pull", YES, YES, task="pull, please", undo=True)
    after = state(shop.root)
    assert {key: after[key] for key in before if key.endswith(".txt")} == {
        key: value for key, value in before.items() if key.endswith(".txt")
    }
    assert git(shop.root, "status", "--porcelain") == ""
    assert git(shop.root, "rev-parse", "main") in before["refs"]


@pytest.mark.req("TOOL-2", "SAFE-1")
@pytest.mark.parametrize("verdicts", [(NO,), (YES, NO)])
async def test_a_pull_that_the_person_refuses_changes_no_file_and_no_branch(
    shop: Shop, verdicts: tuple[Verdict, ...]
) -> None:
    shop.other_commits("a.txt", "two\n", "Others")
    before = (shop.root / "a.txt").read_text(), git(shop.root, "rev-parse", "main")
    await call_tool(shop.root, "git_pull", *verdicts, task="pull it")
    assert ((shop.root / "a.txt").read_text(), git(shop.root, "rev-parse", "main")) == before
    assert git(shop.root, "status", "--porcelain") == ""
    assert bool(shop.server.requests) is (verdicts[0] is YES)


@pytest.mark.req("TOOL-2")
async def test_a_pull_of_nothing_new_says_so(shop: Shop) -> None:
    _, told, person = await call_tool(shop.root, "git_pull", YES, task="pull it")
    assert "has all commits of origin/main already" in told
    assert len(person.shown) == 1


@pytest.mark.req("TOOL-2")
async def test_a_pull_that_conflicts_names_the_files_and_leaves_everything(shop: Shop) -> None:
    shop.other_commits("a.txt", "theirs\n", "Theirs")
    write_files(shop.root, {"a.txt": "mine\n"})
    git(shop.root, "commit", "-qam", "Mine")
    before = (shop.root / "a.txt").read_text(), git(shop.root, "rev-parse", "main")
    _, told, _ = await call_tool(shop.root, "git_pull", YES, YES, task="pull it")
    assert "Merge conflict in a.txt (content)" in told
    assert ((shop.root / "a.txt").read_text(), git(shop.root, "rev-parse", "main")) == before
    assert git(shop.root, "status", "--porcelain") == ""


@pytest.mark.req("TOOL-2", "SAFE-6", "SAFE-9")
async def test_nothing_that_the_repository_names_is_run_or_obeyed_by_a_pull(
    shop: Shop, tmp_path: Path
) -> None:
    there = shop.other_commits("a.txt", "two\n", "Others")
    executed = make_hostile(shop, tmp_path)
    _, told, _ = await call_tool(shop.root, "git_pull", YES, YES, task="pull it")
    assert (shop.root / ".git/refs/heads/main").read_text().strip() == there, told
    assert not executed.exists()


@pytest.mark.req("TOOL-2", "SAFE-6")
async def test_what_is_pulled_over_ssh_comes_through_the_persons_own_command(
    shop: Shop, tmp_path: Path
) -> None:
    there = shop.other_commits("a.txt", "two\n", "Others")
    their_ssh(shop, tmp_path)
    _, told, person = await call_tool(shop.root, "git_pull", YES, YES, task="pull it")
    assert "their ssh: -o BatchMode=yes" in told or len(person.shown) == 2
    assert git(shop.root, "rev-parse", "main") == there


@pytest.mark.req("TOOL-2", "SAFE-5", "SAFE-9")
async def test_a_pull_that_brings_what_an_editor_executes_shows_it_and_asks(shop: Shop) -> None:
    shop.other_commits(".vscode/tasks.json", '{"evil": 1}\n', "Others")
    _, _, person = await call_tool(shop.root, "git_pull", YES, NO, task="pull it")
    assert "evil" in person.shown[1].detail
    assert person.shown[1].risk == "critical"
    assert not (shop.root / ".vscode").exists()


@pytest.mark.req("TOOL-2", "SAFE-5")
@pytest.mark.parametrize("name", [".env", "image.bin"])
async def test_a_pull_of_what_cannot_be_shown_or_holds_secrets_is_left_to_the_person(
    shop: Shop, name: str
) -> None:
    shop.other_commits(name, "KEY=1\0\n", "Others")
    before = git(shop.root, "rev-parse", "main")
    _, told, person = await call_tool(shop.root, "git_pull", YES, YES, task="pull it")
    assert "cannot put before the person" in told and name in told
    assert git(shop.root, "rev-parse", "main") == before
    assert not (shop.root / name).exists()
    assert len(person.shown) == 1
