"""What the patterns of policy files match."""

import re
from functools import cache

from codelab.workspace.folding import folded


def path_matches(patterns: tuple[str, ...], path: str, *, leniently: bool) -> bool:
    """Tell whether one of some globs matches a path.

    ``*`` and ``?`` stay within a name, ``**`` stands for any number of folders. A pattern without a slash is
    about names at any depth; one that ends in a slash about all that lies below a folder.

    Args:
        patterns: The globs.
        path: Relative to the workspace root; ``.`` for the root itself.
        leniently: Compare as the most lenient file system would. What forbids does, what allows does not.
    """
    return any_of(patterns, leniently=leniently).fullmatch(folded(path) if leniently else path) is not None


@cache
def any_of(patterns: tuple[str, ...], *, leniently: bool) -> re.Pattern[str]:
    """Return what matches a whole path, folded where it is lenient, that one of some globs is about."""
    globs = map(_folded_names, patterns) if leniently else patterns
    return re.compile("|".join(map(_path_expression, globs)), re.DOTALL)


def _folded_names(pattern: str) -> str:
    return "/".join(part if set(part) <= {"*", "?", "."} else folded(part) for part in pattern.split("/"))


def name_matches(pattern: str, name: str) -> bool:
    """Tell whether a glob matches a name of a tool, an agent, a client or a package, whatever its case."""
    return _name_pattern(pattern.casefold()).fullmatch(name.casefold()) is not None


def host_matches(pattern: str, host: str) -> bool:
    """Tell whether a host is the one of a rule, or, of ``*.example.com``, one below it."""
    wanted, asked = (name.casefold().rstrip(".") for name in (pattern, host))
    if wanted.startswith("*."):
        return asked.endswith(wanted[1:]) and len(asked) > len(wanted) - 1
    return wanted in ("*", asked)


def _path_expression(pattern: str) -> str:
    anchored = pattern.removeprefix("./").removeprefix("/")
    if anchored.endswith("/"):
        anchored += "**"
    parts = anchored.split("/")
    if len(parts) == 1 and not pattern.startswith(("/", "./")) and anchored != "**":
        parts = ["**", *parts]
    text = ""
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        if part == "**":
            text += ".*" if last else "(?:.*/)?"
        else:
            text += _names(part) + ("" if last else "/")
    return text


@cache
def _name_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(_names(pattern).replace("[^/]", "."), re.DOTALL)


def _names(part: str) -> str:
    return "".join("[^/]*" if c == "*" else "[^/]" if c == "?" else re.escape(c) for c in part)
