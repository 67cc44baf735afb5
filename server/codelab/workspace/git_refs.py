"""Where the branches of a repository stand, read from its files without running git in it.

gitrepository-layout(5) says how they are kept. What is kept otherwise (linked worktrees, reftables) is
refused rather than guessed.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from codelab.core.errors import CodeLabError, InputError
from codelab.workspace.reading import read_optional

ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
"""A commit's name, by SHA-1 or by SHA-256."""
_NAME = re.compile(
    r"(?!\S*(?:\.\.|\.lock(?:/|$)|//|@\{))[^\x00-\x20~^:?*\[\\\x7f/-][^\x00-\x20~^:?*\[\\\x7f]*(?<![./])"
)
_MOST_BYTES = 20_000_000
_BY_HAND = "Let the person do it with git itself"


@dataclass(frozen=True, slots=True)
class Refs:
    """The refs of a repository.

    Attributes:
        branch: The branch that is checked out; empty where none is (a detached HEAD).
        commits: The commit of each branch and of each remote-tracking branch, by full name.
        shallow: Commits whose parents are not there, one in a line.
    """

    branch: str
    commits: dict[str, str]
    shallow: bytes = b""

    @property
    def head(self) -> str:
        """The commit that is checked out; empty where the branch has none yet."""
        return self.commits.get(f"refs/heads/{self.branch}", "")


def is_branch_name(name: str) -> bool:
    """Tell whether a name can be that of a branch, by the rules of git-check-ref-format(1)."""
    return _NAME.fullmatch(name) is not None and name != "HEAD" and not re.search(r"(?:^|/)\.", name)


def read_refs(root: Path) -> Refs:
    """Return the refs of the repository of a workspace.

    Raises:
        InputError: There is none, or it is kept in a way that is not understood here.
    """
    folder = root / ".git"
    if folder.is_symlink() or not folder.is_dir() or (folder / "objects").is_symlink():
        raise InputError(
            "The workspace is no repository of its own",
            why="It has no plain folder .git, as in a linked worktree or a submodule",
            fix=_BY_HAND,
        )
    if (folder / "reftable").exists():
        raise InputError("The refs of this repository cannot be read", why="It has reftables", fix=_BY_HAND)
    commits = dict(_packed(root))
    for kind in ("refs/heads", "refs/remotes"):
        for path in sorted((folder / kind).rglob("*")):
            name = path.relative_to(folder).as_posix()
            commit = _text(root, f".git/{name}").strip() if path.is_file() and is_branch_name(name) else ""
            if ID.fullmatch(commit):
                commits[name] = commit
    head = re.fullmatch(r"ref: refs/heads/(\S+)\n?", _text(root, ".git/HEAD"))
    branch = head[1] if head and is_branch_name(head[1]) else ""
    shallow = _text(root, ".git/shallow")
    if any(ID.fullmatch(line) is None for line in shallow.splitlines()):
        raise InputError("The repository's list of shallow commits is damaged", fix="Run `git fsck`")
    return Refs(branch, commits, shallow.encode())


def _packed(root: Path) -> list[tuple[str, str]]:
    found = []
    for line in _text(root, ".git/packed-refs").splitlines():
        commit, _, name = line.partition(" ")
        if (
            ID.fullmatch(commit)
            and name.startswith(("refs/heads/", "refs/remotes/"))
            and is_branch_name(name)
        ):
            found.append((name, commit))
    return found


def _text(root: Path, path: str) -> str:
    """Return a file of the repository; an empty string where there is none, or no plain one."""
    try:
        return (read_optional(root, path, limit=_MOST_BYTES) or b"").decode("utf-8", "replace")
    except CodeLabError:
        return ""
