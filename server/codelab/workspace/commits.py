"""The last commits of a file or of a branch, asked of the git program.

A workspace may come from anywhere, and a repository's own configuration can name programs that git runs. So
git is run in one way only: a fixed list of arguments that takes each such setting back, no network, no
terminal, a time limit, and never a ``git`` that lies within the workspace.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 5.0
_MOST_COMMITS = 1000
_FIELD, _RECORD = "\x1f", "\x00"
_OFF = (
    *("core.fsmonitor=false", f"core.hooksPath={os.devnull}", f"core.attributesFile={os.devnull}"),
    *("core.pager=cat", "core.sshCommand=false", "core.askPass=false", "core.gitProxy=false"),
    *("log.showSignature=false", "gpg.program=false", "gpg.ssh.program=false", "gpg.x509.program=false"),
    *("diff.external=", "credential.helper=", "protocol.allow=never", "safe.bareRepository=explicit"),
    *("i18n.logOutputEncoding=UTF-8", "log.follow=false", "log.mailmap=false"),
)
_KEPT = ("PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TEMP", "TMP", "XDG_CONFIG_HOME")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its hash, when its author made it (ISO 8601), and the first line of its message."""

    hash: str
    date: str
    subject: str


def recent_commits(root: Path, path: str = "", limit: int = 10) -> list[Commit]:
    """Return the last commits of the branch that is checked out, the newest first.

    Args:
        root: A folder of a git worktree.
        path: Only commits that changed this file or folder, relative to ``root``; it is taken literally.
        limit: Most commits.

    Returns:
        The commits; none where there is no git, no repository, or it does not answer within five seconds.
    """
    program = git_program(root)
    if program is None or limit < 1:
        return []
    arguments = [program, "--no-pager", "--literal-pathspecs", "--no-replace-objects"]
    for setting in _OFF:
        arguments += ["-c", setting]
    arguments += ["log", "-z", f"--max-count={min(limit, _MOST_COMMITS)}", "--format=%H%x1f%aI%x1f%s"]
    arguments += ["--no-color", "--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-notes"]
    arguments += ["--no-patch", "--no-decorate", "HEAD", "--", *([path] if path else [])]
    try:
        done = subprocess.run(
            arguments,
            cwd=root,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
    records = done.stdout.decode("utf-8", "replace").split(_RECORD) if done.returncode == 0 else []
    found = [record.split(_FIELD, 2) for record in records if record.count(_FIELD) >= 2]
    return [Commit(one[0].strip(), one[1], one[2]) for one in found]


def git_program(root: Path) -> str | None:
    """Return the git program; none of those that a workspace could have put there."""
    folders = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if Path(folder).is_absolute() and not Path(folder).resolve().is_relative_to(root.resolve())
    ]
    found = shutil.which("git", path=os.pathsep.join(folders))
    return found if found and Path(found).is_absolute() else None


def _environment() -> dict[str, str]:
    """Return the environment: nothing that points git elsewhere or has it write, ask, fetch or trace."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
        "LC_ALL": "C.UTF-8",
    }
