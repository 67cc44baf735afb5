"""What the person's own configuration of git says: how to reach hosts, and who they are there.

It is asked of git outside of every repository, so that only the files of the person and of the system count.
Their credential helper and their agent are theirs: git may use what they have set up for themselves. Nothing
of it can come from a workspace.
"""

import os
import stat
import subprocess
from pathlib import Path

from codelab.core.errors import StateError
from codelab.workspace.commits import git_program
from codelab.workspace.git_address import Address, read_address

_SECONDS = 10.0
_HELPER_SECONDS = 60.0  # a helper may show a window
_KEPT = (
    "HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY",
    "WAYLAND_DISPLAY", "GIT_CONFIG_NOSYSTEM",
)  # fmt: skip
_FILES = (
    "sslcainfo", "sslcapath", "sslcert", "sslkey", "proxysslcert", "proxysslkey", "proxysslcainfo",
    "cookiefile",
)  # fmt: skip


def person_settings(root: Path) -> list[tuple[str, str]]:
    """Return the person's settings about HTTP, and ``core.sshCommand``, with paths made absolute.

    Args:
        root: The workspace, from which nothing is taken.
    """
    told = _ask(root, "config", "--includes", "-z", "--get-regexp", r"^(http\.|core\.sshcommand$)")
    found = [entry.partition("\n")[::2] for entry in told.split("\0") if entry]
    return [
        (name, os.path.expanduser(value) if name.rpartition(".")[2] in _FILES else value)
        for name, value in found
    ]


def readable_files(settings: list[tuple[str, str]]) -> tuple[Path, ...]:
    """Return the files and folders that the person's settings name, which git has to read."""
    named = [value for name, value in settings if name.rpartition(".")[2] in _FILES]
    for name, value in settings:
        if name == "core.sshcommand":
            named += [os.path.expanduser(word) for word in value.replace("=", " ").split()]
    return tuple(dict.fromkeys(Path(one) for one in named if os.path.isabs(one) and os.path.exists(one)))


def resolved_address(root: Path, url: str) -> Address:
    """Return the address that git reaches for a URL, by the person's own ``url.*.insteadOf``.

    Args:
        root: The workspace, whose own settings of that kind do not count.
        url: As the repository names it.

    Raises:
        InputError: It is none that git may be given.
    """
    if url.startswith("-") or not url.isprintable():
        return read_address(url)
    return read_address(_ask(root, "ls-remote", "--get-url", "--", url).strip() or url)


def agent_socket(root: Path) -> Path | None:
    """Return the socket of the person's ssh agent, unless it is not theirs or lies in the workspace."""
    named = os.environ.get("SSH_AUTH_SOCK", "")
    try:
        place = Path(named).resolve(strict=True)
        status = place.stat()
    except OSError:
        return None
    ours = os.path.isabs(named) and status.st_uid == os.getuid() and not place.is_relative_to(root)
    return place if ours and stat.S_ISSOCK(status.st_mode) else None


def fill_credential(root: Path, address: Address) -> str:
    """Return what the person's credential helper knows for an address, or an empty string; it cannot prompt.

    Args:
        root: The workspace.
        address: An address of https.
    """
    asked = f"protocol={address.protocol}\nhost={address.host}{address.port}\npath={address.path}\n"
    asked += f"username={address.user}\n\n" if address.user else "\n"
    try:
        told = _ask(root, "credential", "fill", given=asked, seconds=_HELPER_SECONDS)
    except StateError:
        return ""
    return told if "\npassword=" in f"\n{told}" else ""


def tell_helper(root: Path, credential: str, *, worked: bool) -> None:
    """Tell the person's credential helper whether what it knew was right, as git itself would."""
    try:
        _ask(root, "credential", "approve" if worked else "reject", given=credential, seconds=_HELPER_SECONDS)
    except StateError:
        return


def _ask(root: Path, *arguments: str, given: str = "", seconds: float = _SECONDS) -> str:
    program = git_program(root)
    if program is None:
        return ""
    try:
        return subprocess.run(
            [program, *arguments],
            cwd="/",
            env=_environment(root),
            input=given,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=seconds,
            check=False,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise StateError("Your git did not answer", why=str(error), fix="Try again") from None


def _environment(root: Path) -> dict[str, str]:
    folders = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if os.path.isabs(folder) and not Path(folder).resolve().is_relative_to(root)
    ]
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    chosen = os.environ.get("GIT_CONFIG_GLOBAL", "")
    if os.path.isabs(chosen) and not Path(chosen).resolve().is_relative_to(root):
        kept["GIT_CONFIG_GLOBAL"] = chosen
    return {
        **kept,
        "PATH": os.pathsep.join(folders),
        "GIT_DIR": "/dev/null",  # no repository, wherever this runs
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "LC_ALL": "C.UTF-8",
    }
