"""A repository with a real server, the person's own configuration of git, and what makes it hostile."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from codelab.workbench.types import Mode, RunResult
from tests.support.bench import Person, bench_on, configure, write_files
from tests.support.git_server import GitServer, git_server
from tests.support.model_server import When, scripted_model
from tests.workbench.test_commands import AS_ROOT, commit
from tests.workbench.test_committing import git


@dataclass
class Shop:
    """A repository, the server that it came from, and the person's own configuration of git."""

    root: Path
    server: GitServer
    config: Path

    @property
    def remote(self) -> Path:
        """The repository on the server."""
        return self.server.repository()

    def commit(self, name: str, message: str) -> str:
        """Add a file in a commit of its own; return the commit."""
        write_files(self.root, {name: f"{name}\n"})
        git(self.root, "add", name)
        git(self.root, "commit", "-qm", message)
        return git(self.root, "rev-parse", "HEAD")

    def other_commits(self, name: str, text: str, message: str) -> str:
        """Let somebody else push a commit."""
        other = self.root.parent / "other"
        if not other.exists():
            git(self.root.parent, "clone", "-q", str(self.remote), str(other))
        git(other, "config", "user.name", "Other")
        git(other, "config", "user.email", "other@body")
        git(other, "pull", "-q")
        write_files(other, {name: text})
        git(other, "add", name)
        git(other, "commit", "-qm", message)
        git(other, "push", "-q")
        return git(other, "rev-parse", "HEAD")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A repository whose first commit was pushed to a server."""
    with git_server(tmp_path / "served") as server:
        config = tmp_path / "gitconfig"
        config.write_text(f"[http]\n\tsslCAInfo = {server.certificate}\n[user]\n\tname = P\n\temail = p@q\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
        monkeypatch.delenv("GIT_SSL_CAINFO", raising=False)  # it would come before the person's settings
        root = write_files(tmp_path / "shop", {"a.txt": "one\n"})
        commit(root)
        git(root, "branch", "-M", "main")
        git(root, "remote", "add", "origin", server.url())
        server.repository()
        git(root, "push", "-q", "--set-upstream", "origin", "main")
        server.requests.clear()
        yield Shop(root, server, config)


async def call_tool(
    root: Path,
    tool: str,
    *verdicts: Any,
    task: str,
    call: dict[str, Any] | None = None,
    mode: Mode = Mode.ASK,
    more: str = "",
    undo: bool = False,
    **act: Any,
) -> tuple[RunResult, str, Person]:
    """Let the agent make one call; return the result, what it was told, and who was asked."""
    script = [When(task, role="user").call(tool, call or {}), When(role="tool").say("Done.")]
    with scripted_model(script) as model:
        configure(model, AS_ROOT + more)
        async with bench_on(root) as bench:
            person = Person(bench, *verdicts)
            bench.attach(prompter=person)
            result = await (await bench.act(task, mode=mode, **act)).result()
            if undo:
                await bench.undo()
    return result, model.requests[-1].body["messages"][-1]["content"], person


def their_ssh(shop: Shop, tmp_path: Path) -> None:
    """Let the person's own configuration name a program for ssh, which serves the repository by itself."""
    ssh = tmp_path / "their-ssh"
    ssh.write_text('#!/bin/sh\necho "their ssh: $*" >&2\nfor last; do :; done\neval "$last"\n')
    ssh.chmod(0o755)
    with shop.config.open("a") as config:
        config.write(
            f"[core]\n\tsshCommand = {ssh}\n[unused]\n\tx = y\n[http]\n\tcookieFile = {shop.remote}\n"
        )
    git(shop.root, "remote", "set-url", "origin", f"git@example.invalid:{shop.remote}")


HOSTILE = """
[core]
\tsshCommand = {touch}
\tgitProxy = {touch}
\taskPass = {touch}
\tfsmonitor = {touch}
\thooksPath = {hooks}
\talternateRefsCommand = {touch}
[credential]
\thelper = "!{touch}"
[remote "origin"]
\tproxy = http://127.0.0.1:9
\treceivepack = {touch}
\tuploadpack = {touch}
\tvcs = evil
[url "{evil}"]
\tpushInsteadOf = https://
\tinsteadOf = https://
[http]
\tsslVerify = false
\tproxy = http://127.0.0.1:9
[push]
\tfollowTags = true
\tgpgSign = true
\trecurseSubmodules = on-demand
[gpg]
\tprogram = {touch}
[protocol]
\tallow = always
"""


def make_hostile(shop: Shop, tmp_path: Path, lines: str = HOSTILE) -> Path:
    """Let the repository's configuration and hooks run or redirect what they can; return what they make."""
    executed, hooks = tmp_path / "executed", tmp_path / "evil-hooks"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {executed}\nexit 1\n")
    script.chmod(0o755)
    for folder in (hooks, shop.root / ".git/hooks"):
        folder.mkdir(exist_ok=True)
        for hook in ("pre-push", "reference-transaction", "post-merge", "pre-merge-commit", "post-checkout"):
            (folder / hook).write_text(script.read_text())
            (folder / hook).chmod(0o755)
    with (shop.root / ".git/config").open("a") as config:
        config.write(lines.format(touch=script, hooks=hooks, evil=f"ext::{script} "))
    return executed
