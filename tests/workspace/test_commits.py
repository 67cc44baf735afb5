"""The last commits, from repositories that nobody has looked at."""

import os
import pty
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codelab.workspace.commits import Commit, recent_commits
from tests.support.command_line import GUARD_SECONDS

pytestmark = pytest.mark.req("INDEX-8", "SAFE-5")

_ENV = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2024-05-06T07:08:09+02:00",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(root: Path, *arguments: str, stdin: str = "", stdout: int = subprocess.PIPE) -> str:
    """Run git as anybody would."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=root,
        env={**os.environ, **_ENV, "HOME": str(root.parent)},
        input=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    return (done.stdout or "").strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q")
    for name, subject in (("a.py", "Begin"), ("-b.py", "Add b \u00e9"), ("a.py", "Change a\n\nWhy.")):
        with (root / name).open("a") as file:
            file.write("x = 1\n")
        git(root, "add", "--", name)
        git(root, "commit", "-q", "-m", subject)
    return root


def test_the_last_commits_of_a_branch_and_of_a_file_are_told_without_addresses(repository: Path) -> None:
    found = recent_commits(repository)
    assert [one.subject for one in found] == ["Change a", "Add b \u00e9", "Begin"]
    assert found[0] == Commit(git(repository, "rev-parse", "HEAD"), "2024-05-06T07:08:09+02:00", "Change a")
    assert [one.subject for one in recent_commits(repository, "-b.py")] == ["Add b \u00e9"]
    assert [one.subject for one in recent_commits(repository, "a.py", limit=1)] == ["Change a"]
    assert recent_commits(repository, ":(exclude)a.py") == []
    assert "ada@example.org" not in repr(found)


def test_where_there_is_no_repository_or_commit_there_are_none(tmp_path: Path) -> None:
    assert recent_commits(tmp_path) == []
    git(tmp_path, "init", "-q")
    assert recent_commits(tmp_path) == []
    assert recent_commits(tmp_path, "a\0b") == []


def test_where_git_is_missing_there_are_none(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert recent_commits(repository) == []


def plant(root: Path) -> Path:
    """Have the repository's configuration name a program for all that git may run; return its mark."""
    mark = root.parent / "mark"
    program = root / "planted"
    program.write_text(f"#!/bin/sh\ntouch '{mark}'\ncat >/dev/null\n")
    program.chmod(0o755)
    for setting in ("core.fsmonitor", "core.pager", "pager.log", "diff.external", "gpg.program"):
        git(root, "config", setting, str(program))
    git(root, "config", "alias.log", f"!{program}")
    git(root, "config", "log.showSignature", "true")
    head = git(root, "cat-file", "commit", "HEAD")
    signature = "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\n"
    signed = head.replace("\n\n", signature, 1) + "\n"
    git(root, "update-ref", "HEAD", git(root, "hash-object", "-t", "commit", "-w", "--stdin", stdin=signed))
    mark.unlink(missing_ok=True)
    return mark


def _log_at_terminal(root: Path) -> None:
    person, program = pty.openpty()
    git(root, "-c", "log.showSignature=false", "log", stdout=program)
    os.close(program)
    os.close(person)


@pytest.mark.parametrize(
    "as_anybody_would",
    [
        pytest.param(lambda root: git(root, "status"), id="fsmonitor"),
        pytest.param(lambda root: git(root, "log"), id="signature"),
        pytest.param(_log_at_terminal, id="pager"),
    ],
)
def test_nothing_that_a_repository_names_is_run(
    repository: Path, as_anybody_would: Callable[[Path], object]
) -> None:
    mark = plant(repository)
    assert [one.subject for one in recent_commits(repository, "a.py")] == ["Change a", "Begin"]
    assert not mark.exists()
    as_anybody_would(repository)
    assert mark.exists()


def test_a_git_that_lies_in_the_workspace_is_not_run(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = repository.parent / "mark"
    planted = repository / "bin/git"
    planted.parent.mkdir()
    planted.write_text(f"#!/bin/sh\ntouch '{mark}'\n")
    planted.chmod(0o755)
    monkeypatch.setenv("PATH", f"{planted.parent}{os.pathsep}{os.environ['PATH']}")
    assert shutil.which("git") == str(planted)
    assert len(recent_commits(repository)) == 3
    assert not mark.exists()
    git(repository, "log")
    assert mark.exists()
