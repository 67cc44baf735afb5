"""What of a repository is brought over from the layer of a command that may write git's files."""

import pytest

from tests.support.sandboxes import in_sandboxes

pytestmark = pytest.mark.slow

ZEROS, ONES = "0" * 40, "1" * 40
FILES = {".git/HEAD": "ref: refs/heads/main\n", ".git/config": "", ".git/hooks/update": "", "a.txt": "one\n"}


def brought_over(script: str) -> list[str]:
    """Let a command write to ``.git`` and return what was brought over."""
    case = {"argv": ["/usr/bin/python3", "-I", "-S", "-c", script], "files": FILES, "commits": True}
    [result] = in_sandboxes([case])
    assert result["code"] == 0, result["output"]
    brought: list[str] = result["brought"]
    return brought


WRITE = r"""
import hashlib, os, zlib
def write(path, data):
    os.makedirs(os.path.dirname(".git/" + path) or ".git", exist_ok=True)
    open(".git/" + path, "wb").write(data)
blob = b"blob 4\0one\n"
name = hashlib.sha1(blob).hexdigest()
place = "objects/" + name[:2] + "/" + name[2:]
"""


@pytest.mark.req("TOOL-2", "SAFE-6")
def test_objects_branches_their_logs_the_index_and_head_are_brought_over_in_this_order() -> None:
    script = rf"""{WRITE}
write("HEAD", b"ref: refs/heads/topic/new\n")
write("index", b"DIRC" + bytes(28))
write("refs/heads/topic/new", b"{ONES}\n")
write("logs/refs/heads/topic/new", b"{ZEROS} {ONES} A <a@b> 1 +0000\tcommit\n")
write(place, zlib.compress(blob))
"""
    first, *rest = brought_over(script)
    assert first.startswith(".git/objects/")
    assert rest == [".git/logs/refs/heads/topic/new", ".git/refs/heads/topic/new", ".git/index", ".git/HEAD"]


HOSTILE = {
    "a hook": 'write("hooks/pre-commit", b"evil")',
    "configuration for a worktree": 'write("config.worktree", b"[core]\\nfsmonitor = evil")',
    "attributes": 'write("info/attributes", b"* filter=evil")',
    "alternates": 'write("objects/info/alternates", b"/etc")',
    "a pack": 'write("objects/pack/pack-1.pack", b"PACK")',
    "an object that is not what its name says": 'write(place, zlib.compress(b"x"))',
    "an object that is no object": 'write(place, b"x")',
    "a branch that is no commit": 'write("refs/heads/main", b"ref: ../../evil\\n")',
    "a HEAD that leads elsewhere": 'write("HEAD", b"ref: refs/heads/../../hooks/update\\n")',
    "a HEAD of many lines": 'write("HEAD", b"ref: refs/heads/x\\n[core]\\n")',
    "a branch that is a link": 'os.makedirs(".git/refs/heads"); os.symlink("/etc", ".git/refs/heads/x")',
    "a log that is something else": 'write("logs/HEAD", b"#!/bin/sh\\n")',
    "an index that is none": 'write("index", b"evil")',
    "a name of a lock": f'write("refs/heads/main.lock", b"{ONES}\\n")',
}


@pytest.mark.req("TOOL-2", "SAFE-5", "SAFE-6")
@pytest.mark.parametrize("script", HOSTILE.values(), ids=HOSTILE)
def test_nothing_else_of_a_repository_is_brought_over(script: str) -> None:
    assert brought_over(WRITE + script) == []
