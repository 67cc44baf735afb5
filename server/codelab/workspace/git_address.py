"""The address of a remote: what it says, and whether git may be given it at all."""

import re
from dataclasses import dataclass

from codelab.core.errors import InputError
from codelab.core.visible import visible

_HOST = r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
_PATH = r"(?P<path>[!-\[\]-~]+)"
_HTTPS = re.compile(
    rf"(?P<protocol>https)://(?:(?P<user>[\w.+-]+)@)?{_HOST}(?P<port>:\d+)?/{_PATH}", re.ASCII
)
_SSH = re.compile(rf"(?P<protocol>ssh)://(?:(?P<user>\w[\w.+-]*)@)?{_HOST}(?P<port>:\d+)?/{_PATH}", re.ASCII)
_SHORT = re.compile(rf"(?:(?P<user>\w[\w.+-]*)@)?{_HOST}:(?P<path>(?!:)(?!//)[!-\[\]-~]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a remote is.

    Attributes:
        url: As git is given it.
        protocol: ``https`` or ``ssh``.
        host: The host's name.
        port: ``:8443``, or empty for the usual one.
        user: Who logs in, or empty.
        path: The repository's path there.
    """

    url: str
    protocol: str
    host: str
    port: str = ""
    user: str = ""
    path: str = ""


def read_address(url: str) -> Address:
    """Return an address taken apart.

    Raises:
        InputError: It is none that CodeLab lets git reach: neither https nor ssh, or with a password in it.
    """
    if re.match(r"https?://[^/@\s]*:[^/@\s]*@", url):
        raise InputError(
            "The address of the remote holds a password",
            why="It would be shown and stored",
            fix="Take it out with `git remote set-url` and let git's credential helper keep it",
        )
    if re.match(r"https?://(?:gh[a-z]_|github_pat_|gl[a-z]+-|[^/@\s]{40,}@)", url):
        raise InputError(
            "The address of the remote holds what looks like a token",
            why="It would be shown and stored",
            fix="Take it out with `git remote set-url` and let git's credential helper keep it",
        )
    for form in (_HTTPS, _SSH, _SHORT):
        if found := form.fullmatch(url):
            parts = found.groupdict()
            protocol = parts.get("protocol") or "ssh"
            port, user = parts.get("port") or "", parts["user"] or ""
            return Address(url, protocol, parts["host"].lower(), port, user, parts["path"])
    raise InputError(
        f"CodeLab lets git reach no address like {visible(url)[:200]}",
        why="Only https:// and ssh (user@host:path) are allowed; others can run programs or read files",
        fix="Let the person push and pull with git itself",
    )
