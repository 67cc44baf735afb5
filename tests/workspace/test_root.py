"""Which folder a workspace is, and which cannot be one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codelab.core.errors import InputError
from codelab.workspace.root import check_root, find_root


def check_refused(path: Path, said: str) -> None:
    with pytest.raises(InputError) as caught:
        find_root(path)
    assert said in str(caught.value)
    assert caught.value.fix


@pytest.mark.req("CARD-4")
@pytest.mark.parametrize("mark", [".git", ".codelab"])
def test_the_root_is_the_nearest_folder_with_a_repository_or_settings(tmp_path: Path, mark: str) -> None:
    (tmp_path / "project" / mark).mkdir(parents=True)
    inner = tmp_path / "project" / "src" / "deep"
    inner.mkdir(parents=True)
    assert find_root(inner) == (tmp_path / "project").resolve()
    assert check_root(inner) == inner.resolve()


@pytest.mark.req("CARD-4")
def test_a_worktree_whose_git_is_a_file_is_a_root(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    (tmp_path / "src").mkdir()
    assert find_root(tmp_path / "src") == tmp_path.resolve()


@pytest.mark.req("CARD-4")
def test_a_folder_without_any_mark_is_its_own_root_and_may_be_empty(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert find_root(empty) == empty.resolve()


@pytest.mark.req("SAFE-5")
def test_a_missing_folder_a_file_and_a_loop_of_links_are_told_apart(tmp_path: Path) -> None:
    check_refused(tmp_path / "missing", "There is no folder")
    (tmp_path / "file").write_text("x")
    check_refused(tmp_path / "file", "is not a folder")
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    check_refused(tmp_path / "a", "loop")
    check_refused(tmp_path / "nul\0", "cannot be used")


@pytest.mark.req("SAFE-5")
def test_an_unreadable_folder_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    try:
        if os.geteuid() != 0:
            check_refused(closed, "cannot be read")
            return
        script = (
            "import os, sys; from pathlib import Path; from codelab.workspace.root import find_root\n"
            "os.setuid(65534)\n"
            "try: find_root(Path(sys.argv[1]))\n"
            "except Exception as error: print(type(error).__name__, error)\n"
        )
        _open_to_all(tmp_path)
        done = subprocess.run(
            [sys.executable, "-c", script, str(closed)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert "InputError" in done.stdout
        assert "cannot be read" in done.stdout
    finally:
        closed.chmod(0o700)


def _open_to_all(path: Path) -> None:
    for folder in (path, *path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != folder.parent:
            folder.chmod(folder.stat().st_mode | 0o011)
