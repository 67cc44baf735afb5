"""What the tools share that reach a remote: its address, its commits, a configuration of ours for git."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codelab.core.visible import visible
from codelab.sandbox.reaching import CREDENTIAL_HELPER, KNOWN_HOSTS, REPOSITORY
from codelab.sandbox.types import Reach
from codelab.tools.contract import ToolError
from codelab.tools.git_writing import SYSTEM_PATH
from codelab.workspace.commits import git_program
from codelab.workspace.git_address import Address
from codelab.workspace.git_refs import Refs, is_branch_name, read_refs
from codelab.workspace.own_git import agent_socket, person_settings, readable_files, resolved_address
from codelab.workspace.own_repository import ask_git, config_text
from codelab.workspace.reading import read_optional

SECONDS = 300.0
_MOST_BYTES = 1_000_000
_SSH = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    f"GlobalKnownHostsFile={KNOWN_HOSTS}",
    "ConnectTimeout=30",
)


@dataclass(frozen=True, slots=True)
class Remote:
    """A branch and the branch of a remote that goes with it.

    Attributes:
        name: The remote's name.
        address: Where it is.
        branch: The branch there.
        refs: The refs of the workspace's repository.
    """

    name: str
    address: Address
    branch: str
    refs: Refs

    @property
    def tracking(self) -> str:
        """The remote-tracking ref."""
        return f"refs/remotes/{self.name}/{self.branch}"

    @property
    def known(self) -> str:
        """The commit at which the remote's branch stood when it was last asked; empty if it never was."""
        return self.refs.commits.get(self.tracking, "")


def checked_out(root: Path) -> Refs:
    """Return the refs of a repository in which a branch with a commit is checked out.

    Raises:
        ToolError: None is.
        InputError: There is no repository.
    """
    refs = read_refs(root)
    if not refs.branch:
        raise ToolError(
            "No branch is checked out (a detached HEAD)", fix="Make one with git_branch, or ask the person"
        )
    if not refs.head:
        raise ToolError(f"The branch {refs.branch} has no commit yet", fix="Commit first")
    return refs


def find_remote(root: Path, name: str, branch: str, *, pushing: bool) -> Remote:
    """Return the remote and the branch of it that the checked out branch goes with.

    Args:
        root: The workspace.
        name: The remote's name; empty for the branch's own, else the only one, else ``origin``.
        branch: The branch there; empty for the one that the branch follows, else that of the same name.
        pushing: Whether the address for pushing is wanted, where there is another for it.

    Raises:
        ToolError: There is none, or it cannot be told which.
        InputError: Git may not be given its address, or there is no repository.
    """
    refs = checked_out(root)
    config = _config(root)
    last = {key: values[-1] for key, values in config.items()}
    names = sorted(key[len("remote.") : -len(".url")] for key in config if _is_url(key))
    name = name or last.get(f"branch.{refs.branch}.remote", "") or (names[0] if len(names) == 1 else "origin")
    if name not in names or not is_branch_name(name):
        known = f"There are: {', '.join(map(visible, names))}" if names else "The repository has no remote"
        raise ToolError(f"There is no remote {visible(name)!r}", why=known, fix="Ask the person which to use")
    urls = (config.get(f"remote.{name}.pushurl") if pushing else None) or config[f"remote.{name}.url"]
    if len(urls) != 1:
        raise ToolError(
            f"The remote {name} has several addresses", fix="Let the person do it with git itself"
        )
    follows = last.get(f"branch.{refs.branch}.merge", "").removeprefix("refs/heads/")
    own = last.get(f"branch.{refs.branch}.remote") == name
    branch = branch or (follows if own and follows else "") or refs.branch
    if not is_branch_name(branch):
        raise ToolError(f"{visible(branch)!r} is no name of a branch", fix="Name one")
    return Remote(name, resolved_address(root, urls[0]), branch, refs)


def reach_of(root: Path, remote: Remote) -> tuple[Reach, dict[str, str]]:
    """Return what lets git reach a remote, and the environment that goes with it.

    The configuration is ours, with the person's own settings about HTTP and ssh; of the repository's nothing.
    """
    settings = person_settings(root)
    ssh = next((value for key, value in reversed(settings) if key == "core.sshcommand"), "ssh")
    http = [(key, value) for key, value in settings if key != "core.sshcommand"]
    protocol = (f"protocol.{remote.address.protocol}.allow", "always")
    ours = (
        *http,
        ("http.followRedirects", "false"),
        protocol,
        ("credential.helper", CREDENTIAL_HELPER),
    )
    socket = agent_socket(root)
    reach = Reach(
        config=config_text(ours, object_name=remote.refs.head),
        refs=remote.refs.commits,
        shallow=remote.refs.shallow,
        readable=readable_files(settings),
        socket=socket,
    )
    environment = {
        "PATH": SYSTEM_PATH,
        "GIT_DIR": REPOSITORY,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": remote.address.protocol,
        "GIT_SSH_COMMAND": " ".join((ssh, *(f"-o {option}" for option in _SSH))),
        "GIT_SSH_VARIANT": "ssh",
        "LANGUAGE": "",
        "LC_ALL": "C.UTF-8",
    }
    if socket is not None:
        environment["SSH_AUTH_SOCK"] = str(socket)
    return reach, environment


def commits_between(root: Path, refs: Refs, new: str, known: Sequence[str]) -> list[str]:
    """Return the commits that one has and others have not, the newest first: short name, author, subject.

    Raises:
        ToolError: Git cannot read them.
        CodeLabError: Git does not answer.
    """
    wanted = ("log", "--no-color", "--no-show-signature", "--no-notes", "--format=%h %an: %s")
    done = ask_git(root, refs, *wanted, new, *(f"^{one}" for one in known), "--")
    if done.returncode:
        raise ToolError("The commits cannot be read", why=_last(done.stderr), fix="Run `git fsck`")
    return done.stdout.splitlines()


def contains(root: Path, refs: Refs, new: str, old: str) -> bool:
    """Tell whether a commit has another among its ancestors, or is that one."""
    return ask_git(root, refs, "merge-base", "--is-ancestor", old, new).returncode == 0


def _config(root: Path) -> dict[str, list[str]]:
    """Return the settings of the repository's own file, which is read as text and obeyed in nothing."""
    data = read_optional(root, ".git/config", limit=_MOST_BYTES) or b""
    program = git_program(root)
    if program is None:
        raise ToolError("There is no git on this machine", fix="Ask the person to install it")
    try:
        done = subprocess.run(
            [program, "config", "--file", "-", "--no-includes", "--null", "--list"],
            cwd="/",
            env={"GIT_DIR": "/dev/null", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"},
            input=data,
            capture_output=True,
            timeout=10.0,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolError(
            "The repository's configuration cannot be read", why=str(error), fix="Try again"
        ) from None
    if done.returncode:
        raise ToolError("The repository's configuration cannot be read", why=_last(done.stderr.decode()))
    settings: dict[str, list[str]] = {}
    for entry in done.stdout.decode("utf-8", "replace").split("\0"):
        key, _, value = entry.partition("\n")
        settings.setdefault(key, []).append(value)
    return settings


def _is_url(key: str) -> bool:
    return key.startswith("remote.") and key.endswith(".url") and len(key) > len("remote..url")


def _last(text: str) -> str:
    return visible((text.strip().splitlines() or [""])[-1])
