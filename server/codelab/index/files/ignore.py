"""What is left out of the index: .gitignore, .git/info/exclude, build and dependency folders."""

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.base import GitIgnorePatternError

from codelab.index.files.kinds import (
    ALWAYS_LEFT_OUT,
    BUILD_FOLDERS,
    DOTNET_FOLDERS,
    DOTNET_PROJECTS,
    PROJECT_FILES,
)

_MAX_RULES_BYTES = 1_000_000
_MAX_STARS = 12  # a pattern with more could keep a regular expression busy for minutes

_GROUP_NAME = re.compile(r"\(\?P<\w+>")


class Rules:
    """The patterns of one file of ignore rules, or of one setting."""

    def __init__(self, lines: Iterable[str]) -> None:
        kept = [line for line in lines if line.count("*") <= _MAX_STARS and _is_pattern(line)]
        self._spec = GitIgnoreSpec.from_lines(kept, backend="simple") if kept else None
        texts = [p.regex.pattern for p in self._spec.patterns if p.regex is not None] if self._spec else []
        # One expression tells for most paths that no pattern applies, without trying them one by one.
        merged = "|".join(f"(?:{_GROUP_NAME.sub('(?:', text)})" for text in texts)
        self._any = re.compile(merged) if texts else None

    def verdict(self, path: str) -> bool | None:
        """Tell whether a path (with a final slash for a folder) is ignored; None if no pattern applies."""
        if self._any is None or self._spec is None or self._any.match(path) is None:
            return None
        return self._spec.check_file(path).include


def _is_pattern(line: str) -> bool:
    if not line.strip() or line.startswith("#"):
        return False
    try:
        GitIgnoreSpec.from_lines([line])
    except (GitIgnorePatternError, re.error):  # git passes over what it cannot read
        return False
    return True


def read_rules(path: Path | str) -> Rules | None:
    """Read a file of ignore rules; None if it is missing, not a plain file, or unreadable."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            text = file.read(_MAX_RULES_BYTES).decode("utf-8-sig", "surrogateescape")
    except OSError:
        return None
    return Rules(text.splitlines())


def is_build_folder(path: str | os.PathLike[str], beside: frozenset[str] | set[str], at_top: bool) -> bool:
    """Tell whether a folder holds what a build makes or a package manager downloads.

    Names that are also used for sources (``build``, ``out``) count only at the top of the worktree or beside
    the file that describes a project, and never where the folder is a package of Python.

    Args:
        path: The folder.
        beside: The names in the folder that holds it.
        at_top: Whether that is the top of the worktree.
    """
    name = os.path.basename(path)
    if name in ALWAYS_LEFT_OUT or name.endswith((".egg-info", ".dist-info")):
        return True
    if name in DOTNET_FOLDERS:
        return any(other.endswith(DOTNET_PROJECTS) for other in beside)
    if name in BUILD_FOLDERS:
        of_a_build = at_top or not PROJECT_FILES.isdisjoint(beside)
        return of_a_build and not os.path.lexists(os.path.join(path, "__init__.py"))
    return False
