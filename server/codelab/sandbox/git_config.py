"""What of a repository's configuration a command may see: nothing secret, nothing that git executes."""

import re
from pathlib import Path

from codelab.core.errors import CodeLabError
from codelab.workspace.reading import read_optional

_MOST_BYTES = 1_000_000
_SECTION = re.compile(r"\s*\[\s*([\w.-]+)(?:\s+\"(?:[^\"\\]|\\.)*\")?\s*\]\s*")
_ENTRY = re.compile(r"\s*([A-Za-z][\w-]*)\s*(?:=.*)?")
_CREDENTIALS = re.compile(r"(\w+://)[^/\s@]*@")

_KEPT = {
    "core": (
        "repositoryformatversion", "filemode", "bare", "ignorecase", "precomposeunicode", "symlinks",
        "autocrlf", "eol", "safecrlf", "longpaths", "sparsecheckout", "sparsecheckoutcone",
    ),
    "extensions": ("objectformat", "refstorage", "partialclone", "noop"),
    "remote": ("url", "fetch", "promisor"),
    "branch": ("remote", "merge"),
    "user": ("name", "email"),
    "index": ("version",),
    "init": ("defaultbranch",),
}  # fmt: skip


def harmless_config(root: Path) -> str | None:
    """Return what of ``.git/config`` says only how the repository is kept; None where there is no such file.

    Args:
        root: The workspace.

    Returns:
        The kept lines, addresses without names and passwords. A line that cannot be understood is left out.
    """
    try:
        data = read_optional(root, ".git/config", limit=_MOST_BYTES)
    except CodeLabError:
        return ""
    if data is None:
        return None
    kept: list[str] = []
    section = ""
    continued = False
    for line in data.decode("utf-8", "surrogateescape").splitlines():
        was_continued, continued = continued, line.endswith("\\")
        if was_continued or continued:
            continue
        if head := _SECTION.fullmatch(line):
            section = head[1].lower()
            kept.append(line)
        elif (entry := _ENTRY.fullmatch(line)) and entry[1].lower() in _KEPT.get(section, ()):
            kept.append(_CREDENTIALS.sub(r"\1", line))
    return "".join(f"{line}\n" for line in kept)
