"""The sandbox of a git command that reaches a host: the network, a repository of ours, their ssh files.

The workspace is not there: of it the command sees the folder of git's objects and nothing else, read-only. So
no setting, hook, filter or attribute of the repository can be read, and nothing outside of this command's own
folder can be written.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from codelab.sandbox.environment import home_folder
from codelab.sandbox.stage import Stage
from codelab.sandbox.types import Job, Reach
from codelab.workspace.own_repository import make_repository

FOLDER = "/git"
"""Where the command finds its own folder."""
_CREDENTIAL = "/credential"
REPOSITORY = f"{FOLDER}/repository"
CREDENTIAL_HELPER = f'!f() {{ test "$1" != get || cat {_CREDENTIAL}; }}; f'
"""What tells git the credential that was asked of the person's own helper, outside of the sandbox."""
KNOWN_HOSTS = f"{FOLDER}/known_hosts"
_KNOWN_HOSTS_OF_THE_SYSTEM = "/etc/ssh/ssh_known_hosts"
_RESOLVER = "/etc/resolv.conf"


def lay_repository(stage: Stage, reach: Reach) -> None:
    """Make the repository in the command's folder."""
    make_repository(stage.upper / "repository", f"{FOLDER}/objects", reach.config, reach.refs, reach.shallow)
    (stage.upper / "objects").mkdir()
    (stage.upper / "known_hosts").touch()
    with suppress(OSError):
        (stage.upper / "known_hosts").write_bytes(Path(_KNOWN_HOSTS_OF_THE_SYSTEM).read_bytes())


def reaching_arguments(job: Job, reach: Reach, credential_fd: int) -> Sequence[str]:
    """Return what bubblewrap makes visible for it, beside the system and empty private folders.

    Args:
        job: The command.
        reach: What lets it reach its host.
        credential_fd: The credential is read from here; it is never a file outside of the sandbox.
    """
    ssh = str(home_folder() / ".ssh")
    arguments = ["--ro-bind-try", ssh, ssh]
    resolver = os.path.realpath(_RESOLVER)
    if not resolver.startswith(("/etc/", "/usr/")):
        arguments += ["--ro-bind-try", resolver, resolver]
    for place in reach.readable:
        arguments += ["--ro-bind-try", str(place), str(place)]
    if reach.socket is not None:
        arguments += ["--bind-try", str(reach.socket), str(reach.socket)]
    objects = str(job.root / ".git/objects")
    arguments += ["--ro-bind-data", str(credential_fd), _CREDENTIAL]
    return [*arguments, "--bind", "upper", FOLDER, "--ro-bind", objects, f"{FOLDER}/objects"]
