"""What the tools share that write to the repository: who commits, and flags of git that keep it harmless."""

import asyncio
import shlex
import subprocess

from codelab.sandbox.system_programs import system_program
from codelab.tools.contract import Command
from codelab.tools.git_reading import ENVIRONMENT, HARDENED

WRITING_FLAGS = (
    *HARDENED,
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "commit.gpgSign=false"),
    *("-c", "core.editor=true"),
    *("-c", "core.logAllRefUpdates=true"),
)
"""Options that keep a git command which writes from running anything else."""
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where such commands look for git: nowhere in the workspace, whose own folders come first for others."""
_SECONDS = 120.0
_ASKING_SECONDS = 10.0


async def writing_command(*lines: tuple[str, ...], paths: tuple[str, ...] = (), shown: str) -> Command:
    """Return the command that runs git several times in its own layer of the repository.

    Args:
        *lines: The git commands and their arguments, run one after the other until one fails.
        paths: Files to which each of them is applied; arguments of their own, so that the approval binds what
            they hold.
        shown: The whole of it as a person reads it.
    """
    each = ' -- "$@"' if paths else ""
    run = " && ".join(f"git {shlex.join(line)}{each}" for line in lines)
    script = f'git() {{ command git {shlex.join(WRITING_FLAGS)} "$@"; }}; {run}'
    return Command(
        ("/bin/sh", "-c", script, "git", *paths),
        shown,
        seconds=_SECONDS,
        commits=True,
        environment={**ENVIRONMENT, "PATH": SYSTEM_PATH, **await asyncio.to_thread(_identity)},
        summary=lambda code, output: (output.strip().splitlines() or ["git is done"])[0] if not code else "",
    )


def _identity() -> dict[str, str]:
    """Return who commits, as the person's own configuration of git says; a repository's comes before it."""
    git = system_program("git")
    if not git:
        return {}
    asked = [git, "config", "--global", "--get-regexp", r"^user\.(name|email)$"]
    try:
        told = subprocess.run(
            asked, cwd="/", capture_output=True, text=True, timeout=_ASKING_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return {}
    entries = dict(line.split(" ", 1) for line in told.splitlines() if " " in line)
    names = {"user.name": "NAME", "user.email": "EMAIL"}
    return {
        f"GIT_{role}_{name}": entries[key]
        for key, name in names.items()
        if key in entries
        for role in ("AUTHOR", "COMMITTER")
    }
