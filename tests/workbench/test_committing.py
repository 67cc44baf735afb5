"""Commits and branches: asked for with the message and the files, made in a layer, brought over."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from codelab.workbench.types import RunResult, Verdict
from tests.support.bench import BufferEditor, Person, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model
from tests.workbench.test_commands import AS_ROOT, commit

pytestmark = pytest.mark.slow

YES = Verdict.APPROVED
MESSAGE = 'Pay twice\n\nIt\'s "asked" for; $(rm -rf .)'


def git(root: Path, *arguments: str) -> str:
    """Return what git says."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, and a configuration in which git executes what it can."""
    files = {"a.txt": "one\n", "b.txt": "b\n", ".gitattributes": "*.txt filter=evil\n"}
    root = write_files(tmp_path / "shop", files)
    commit(root)
    touch = f"touch {tmp_path}/executed; cat"
    with (root / ".git/config").open("a") as config:
        config.write(f'[core]\n\tfsmonitor = "{touch}"\n[filter "evil"]\n\tclean = "{touch}"\n')
        config.write("[user]\n\tname = Somebody\n\temail = some@body\n")
    hook = root / ".git/hooks/post-commit"
    hook.write_text(f"#!/bin/sh\n{touch}\n")
    hook.chmod(0o755)
    return root


async def run_call(
    root: Path, tool: str, call: dict[str, Any], *verdicts: Any, unsaved: str = ""
) -> tuple[RunResult, str, Person]:
    """Let the agent make one call; return the result, what it was told, and who was asked."""
    script = [When("go", role="user").call(tool, call), When(role="tool").say("Done.")]
    with scripted_model(script) as model:
        configure(model, AS_ROOT)
        async with bench_on(root) as bench:
            person, editor = Person(bench, *verdicts), BufferEditor(bench)
            bench.attach(prompter=person, editor=editor)
            if unsaved:
                editor.type(unsaved, "typed\n")
            result = await (await bench.act("go")).result()
    return result, model.requests[-1].body["messages"][-1]["content"], person


@pytest.mark.req("TOOL-2", "SAFE-1", "SAFE-6")
async def test_named_files_are_committed_with_the_message_that_the_person_saw(repository: Path) -> None:
    write_files(repository, {"a.txt": "two\n", "new file.txt": "new\n", "other.txt": "other\n"})
    (repository / "b.txt").unlink()
    call = {"message": MESSAGE, "paths": ["a.txt", "new file.txt", "b.txt"]}
    _, told, person = await run_call(repository, "git_commit", call, YES)
    assert "Exit status 0" in told
    detail = person.shown[0].detail
    assert MESSAGE.splitlines()[0] in detail and "'new file.txt'" in detail
    assert person.shown[0].risk == "critical"
    assert not (repository.parent / "executed").exists()
    git(repository, "config", "--unset", "core.fsmonitor")
    git(repository, "config", "--unset", "filter.evil.clean")
    assert git(repository, "log", "-1", "--format=%B|%an|%ae") == f"{MESSAGE}\n|Somebody|some@body"
    assert git(repository, "show", "--name-status", "--format=") == "M\ta.txt\nD\tb.txt\nA\tnew file.txt"
    assert git(repository, "status", "--short") == "?? other.txt"
    git(repository, "fsck", "--strict")


@pytest.mark.req("TOOL-2", "SAFE-2")
@pytest.mark.parametrize("verdict", [Verdict.REJECTED, YES])
async def test_a_commit_that_the_person_refuses_or_that_is_of_a_secret_is_not_made(
    repository: Path, verdict: Verdict
) -> None:
    before = git(repository, "rev-parse", "HEAD")
    write_files(repository, {"a.txt": "two\n", ".env": "KEY=1\n"})
    paths = ["a.txt"] if verdict is Verdict.REJECTED else ["a.txt", ".env"]
    await run_call(repository, "git_commit", {"message": "x", "paths": paths}, verdict)
    assert git(repository, "rev-parse", "HEAD") == before


@pytest.mark.req("TOOL-2", "INDEX-7")
async def test_a_file_that_is_not_saved_is_not_committed(repository: Path) -> None:
    call = {"message": "x", "paths": ["a.txt"]}
    _, told, person = await run_call(repository, "git_commit", call, YES, unsaved="a.txt")
    assert "not saved" in told
    assert person.shown == []


@pytest.mark.req("TOOL-2", "SAFE-1")
async def test_a_branch_is_made_and_switched_to(repository: Path) -> None:
    before = git(repository, "rev-parse", "HEAD")
    _, _, person = await run_call(repository, "git_branch", {"name": "topic/new"}, YES)
    assert "git switch --create topic/new" in person.shown[0].detail
    assert git(repository, "symbolic-ref", "HEAD") == "refs/heads/topic/new"
    assert git(repository, "rev-parse", "HEAD") == before


@pytest.mark.req("TOOL-2")
@pytest.mark.parametrize("name", ["--orphan", "a b", "../x", "x..y", "HEAD"])
async def test_a_name_that_is_none_makes_no_branch(repository: Path, name: str) -> None:
    branches = git(repository, "branch", "--list")
    await run_call(repository, "git_branch", {"name": name}, YES)
    assert git(repository, "branch", "--list") == branches
