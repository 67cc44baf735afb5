"""What the git tools share: git, run so that a repository's configuration makes it do no more than read.

It runs in the sandbox besides, where what a repository could make it execute harms nothing.
"""

import shlex
from collections.abc import Callable

from codelab.tools.contract import Command, ToolError
from codelab.workspace.secrets import is_secret

HARDENED = (
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "core.quotePath=false"),
    *("-c", "diff.external="),
    *("-c", "log.showSignature=false"),
    *("-c", "protocol.allow=never"),
    *("-c", "submodule.recurse=false"),
    *("-c", "safe.directory=*"),
)
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ATTR_NOSYSTEM": "1",
}
_SECONDS = 60.0


def git_command(*arguments: str, clean: Callable[[str], str] | None = None) -> Command:
    """Return the command that runs git, reading only.

    Args:
        *arguments: The git command and its arguments.
        clean: What is left of the output for the agent.
    """
    return Command(
        ("git", *HARDENED, *arguments),
        shlex.join(("git", *arguments)),
        seconds=_SECONDS,
        writes=False,
        environment=ENVIRONMENT,
        summary=lambda code, output: (
            f"git {arguments[0]}: {'ended with status ' + str(code) if code else 'done'}"
        ),
        clean=clean,
    )


def revision(text: str) -> str:
    """Return a revision that cannot be taken for an option.

    Raises:
        ToolError: It can.
    """
    if text.startswith("-") or not text.isprintable() or " " in text:
        raise ToolError(
            f"{text!r} is no revision", fix="Name a commit, a branch, a tag, or two with .. between"
        )
    return text


def without_secrets(diff: str) -> str:
    """Return a diff without the parts about files that hold secrets."""
    parts: list[list[str]] = [[]]
    for line in diff.splitlines(keepends=True):
        if line.startswith(("commit ", "diff --git ", "diff --cc ", "diff --combined ")):
            parts.append([])
        parts[-1].append(line)
    return "".join("".join(part) if not _is_of_secret(part) else _LEFT_OUT for part in parts)


_LEFT_OUT = "(the difference of a file that holds secrets is left out)\n"


def _is_of_secret(part: list[str]) -> bool:
    if not part or not part[0].startswith("diff --"):
        return False
    named = part[0].strip().strip('"')
    candidates = [named.rpartition(" ")[2]]
    for line in part[1:]:
        if line.startswith("@@"):
            break
        if line.startswith(("--- ", "+++ ", "rename from ", "rename to ", "copy from ", "copy to ")):
            candidates.append(line.strip().split(" ", 2 if line.startswith(("rename", "copy")) else 1)[-1])
    return any(
        is_secret(path.strip('"').removeprefix(prefix)) for path in candidates for prefix in ("", "a/", "b/")
    )
