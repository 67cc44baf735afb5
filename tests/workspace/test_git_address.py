"""Addresses of remotes, and refs read from a repository's files."""

import subprocess
import zlib
from pathlib import Path

import pytest

from codelab.core.errors import InputError
from codelab.sandbox.git_changes import is_object
from codelab.workspace.git_address import read_address
from codelab.workspace.git_refs import is_branch_name, read_refs


@pytest.mark.req("TOOL-2", "SAFE-4")
@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://GitHub.com/a/b.git", "github.com"),
        ("https://me@host:8443/a", "host"),
        ("git@github.com:a/b", "github.com"),
        ("ssh://git@host:22/x", "host"),
        ("work:a/b", "work"),
    ],
)
def test_an_address_that_git_may_be_given(url: str, host: str) -> None:
    assert read_address(url).host == host


@pytest.mark.req("TOOL-2", "SAFE-4", "SAFE-6")
@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c evil", "fd::3", "file:///etc", "/etc", "../x", "http://h/x", "git://h/x", "ftp://h/x",
        "-oProxyCommand=evil:x", "ssh://-oProxyCommand=evil/x", "git@-oProxyCommand=evil:x", "h::x", "a b:c",
        "https://u:p@h/x", "https://ghp_abc@h/x", "https://h/x\nhttps://i/y", "https://h", "C:\\x", "",
        "https://\u0440h/x", f"https://{'t' * 40}@h/x",
    ],
)  # fmt: skip
def test_an_address_that_git_is_not_given(url: str) -> None:
    with pytest.raises(InputError):
        read_address(url)


@pytest.mark.req("TOOL-2")
@pytest.mark.parametrize(("name", "fine"), [("a/b", True), ("a..b", False), ("-a", False), ("a.lock", False)])
def test_names_of_branches_are_those_that_git_knows(name: str, fine: bool) -> None:
    done = subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True, check=False)
    assert is_branch_name(name) is fine is (done.returncode == 0)


@pytest.mark.req("TOOL-2", "SAFE-5")
def test_a_repository_that_lies_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /elsewhere\n")
    with pytest.raises(InputError, match="no repository of its own"):
        read_refs(tmp_path)


@pytest.mark.req("TOOL-2", "SAFE-5")
def test_refs_are_read_loose_and_packed_and_never_through_a_link(tmp_path: Path) -> None:
    one, two = "1" * 40, "2" * 40
    git = tmp_path / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "objects").mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "packed-refs").write_text(f"# pack-refs\n{one} refs/heads/main\n{one} refs/remotes/origin/main\n")
    (git / "refs/heads/main").write_text(f"{two}\n")
    (tmp_path / "outside").write_text(f"{two}\n")
    (git / "refs/heads/linked").symlink_to(tmp_path / "outside")
    refs = read_refs(tmp_path)
    assert (refs.branch, refs.head) == ("main", two)
    assert refs.commits == {"refs/heads/main": two, "refs/remotes/origin/main": one}


@pytest.mark.req("TOOL-2", "SAFE-6")
def test_an_object_is_what_its_name_says_and_nothing_more() -> None:
    data = zlib.compress(b"blob 4\0one\n")
    path = ".git/objects/56/26abf0f72e58d7a153368ba57db4c673c0e171"
    assert is_object(path, data)
    assert not is_object(path, zlib.compress(b"blob 4\0two\n"))
    assert not is_object(path, data[:-6])
    assert not is_object(path, b"no object")
