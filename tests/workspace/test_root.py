"""Which folder a workspace is, and which cannot be one."""

import subprocess
import sys
from pathlib import Path

import pytest

from codelab.core.errors import InputError
from codelab.workspace.root import check_root, find_root
from tests.support.rights import GIVE_UP_RIGHTS


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
def test_a_home_that_is_kept_in_git_does_not_make_one_workspace_of_all_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    (tmp_path / "project").mkdir()
    assert find_root(tmp_path / "project") == (tmp_path / "project").resolve()
    assert find_root(tmp_path) == tmp_path.resolve()


@pytest.mark.req("CARD-4")
def test_a_whole_disk_is_no_workspace() -> None:
    check_refused(Path("/"), "no project")


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


LOOK = """
import sys
from pathlib import Path
from codelab.workspace.root import find_root
for path in sys.argv[1:]:
    try: find_root(Path(path))
    except Exception as error: print(type(error).__name__, error)
"""


@pytest.mark.req("SAFE-5")
def test_a_folder_that_cannot_be_listed_or_entered_is_refused(tmp_path: Path) -> None:
    folders = []
    for name, mode in (("neither", 0o000), ("entered", 0o300), ("listed", 0o600)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
        folders.append(str(tmp_path / name))
    done = subprocess.run(
        [sys.executable, "-c", GIVE_UP_RIGHTS + LOOK, *folders],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    for folder in folders:
        Path(folder).chmod(0o700)
    assert done.stdout.count("InputError") == 3, done.stdout
    assert done.stdout.count("cannot be read. Permission denied.") == 3
