"""What went wrong when git pushed, fetched or merged: one sentence, and what to do about it.

The words of git are those of its own messages in English (remote-curl.c, send-pack.c, transport.c,
unpack-trees.c of git 2.39) and of OpenSSH's.
"""

import re

_REACHING = (
    (
        r"stale info|non-fast-forward|\(fetch first\)|\[rejected\]|cannot lock ref|failed to update ref",
        "The remote has commits that this repository does not know, so nothing was pushed. They have to be "
        "pulled first; ask the person.",
    ),
    (
        r"Authentication failed|could not read (?:Username|Password)|Permission denied|error: (?:401|403)|"
        r"HTTP (?:401|403)|Invalid username or password",
        "The remote did not accept the person's credentials. They can log in by running git once in a "
        "terminal (`git fetch`), with a credential helper or an ssh agent that keeps what they enter.",
    ),
    (
        r"Host key verification failed|authenticity of host",
        "The host's key is not known here. The person can connect once with ssh in a terminal and check it.",
    ),
    (
        r"[Cc]ould not resolve|Temporary failure in name resolution|Failed to connect|Couldn't connect|"
        r"Connection (?:refused|timed out|reset)|Network is unreachable|No route to host|Operation timed out",
        "The host cannot be reached. Is there a network? Nothing was changed; try again later.",
    ),
    (
        r"SSL|certificate",
        "The host's certificate was not accepted. The person can check it, or set http.sslCAInfo in "
        "their own git configuration.",
    ),
    (
        r"couldn't find remote ref",
        "The remote has no such branch. Ask the person which branch they mean.",
    ),
    (
        r"[Rr]epository .*not found|does not appear to be a git repository|error: 404|not found",
        "The remote has no such repository, or the person may not see it.",
    ),
    (
        r"unable to update url base from redirection|returned error: 30\d",
        "The host sends git to another address, which nobody has approved. The person can set that address "
        "with `git remote set-url`.",
    ),
    (
        r"remote rejected|declined|protected branch",
        "The remote refused the push; its reason stands in the output. Nothing was pushed.",
    ),
    (
        r"fsck|missing (?:blob|tree|commit)|bad object|unable to read tree",
        "An object is damaged or missing, so nothing was changed. The person can run `git fsck`.",
    ),
)
_MERGING = (
    (
        r"would be overwritten|Your local changes|cannot merge|not uptodate|unmerged files",
        "Files with changes that are not committed are in the way. Commit them first (git_commit), then "
        "merge again; nothing was changed.",
    ),
    (
        r"Please tell me who you are|empty ident name",
        "Git does not know who merges. The person can set user.name and user.email in their git "
        "configuration.",
    ),
    (
        r"unrelated histories",
        "The two have no commit in common, so nothing was merged. Ask the person whether they mean this "
        "branch.",
    ),
    (
        r"unable to read tree|bad object|not something we can merge",
        "Git cannot read that commit here, so nothing was changed. The person can run `git fsck`.",
    ),
)


def explain_reaching(code: int, output: str) -> str:
    """Return what a failure of a push or a fetch means; empty where it went well or nobody knows."""
    return _explained(_REACHING, output) if code else ""


def explain_merging(code: int, output: str) -> str:
    """Return what a failure of a merge means, with the files in which both sides changed the same lines."""
    if not code:
        return ""
    conflicts = re.findall(r"^CONFLICT \((.*?)\): (.*)$", output, re.M)
    if conflicts:
        told = "; ".join(f"{what} ({kind})" for kind, what in conflicts)
        return (
            f"Both sides changed the same places, so the merge was given up and all is as it was: {told}. "
            "The person can merge with git itself and settle these, or say which side holds."
        )
    return _explained(_MERGING, output)


def _explained(table: tuple[tuple[str, str], ...], output: str) -> str:
    return next((told for pattern, told in table if re.search(pattern, output)), "")
