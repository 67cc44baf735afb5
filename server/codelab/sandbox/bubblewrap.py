"""The profile of bubblewrap, and the small program that lays an overlay over the workspace first.

bubblewrap 0.8 cannot mount overlays. So ``unshare`` makes a user and a mount namespace, ``mount`` lays the
overlay in it, where nobody else sees it, and bubblewrap runs inside. What the command writes to the workspace
lands in a folder of ours; the workspace itself is only read.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from codelab.core.errors import InputError
from codelab.sandbox.environment import home_folder
from codelab.sandbox.reaching import FOLDER, reaching_arguments
from codelab.sandbox.stage import Stage
from codelab.sandbox.types import Job, Kind, Sandbox

PROGRAMS = ("bwrap", "prlimit")
OVERLAY_PROGRAMS = ("unshare", "mount", "sh")

_TEMPORARY_BYTES = 512_000_000  # of /tmp; it is kept in memory
_HOME_BYTES = 128_000_000
_SHARED_MEMORY_BYTES = 256_000_000
_SYSTEM = ("/usr", "/opt", "/nix/store", "/gnu/store", "/etc")
_LINKED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# What only root may read there; a command started by root could as well.
SECRETS_OF_THE_SYSTEM = (
    "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers", "/etc/krb5.keytab",
    "/etc/machine-id",
)  # fmt: skip
SECRET_FOLDERS_OF_THE_SYSTEM = (
    "/etc/ssh", "/etc/ssl/private", "/etc/sudoers.d", "/etc/wireguard", "/etc/NetworkManager",
    "/etc/openvpn", "/etc/letsencrypt", "/etc/docker", "/etc/kubernetes",
)  # fmt: skip
_NEVER_COVERED = ("/usr", "/etc", "/proc", "/sys", "/dev", "/tmp", "/run", "/var", "/boot")  # noqa: S108 - names alone
_SPECIAL = frozenset(",:\\\"'")  # they mean something in the options of a mount

# $1: the workspace, where its path cannot stand in options, else empty; $2: the options; then what to run.
_LAY_OVERLAY = """\
if [ -n "$1" ]; then mount --bind -- "$1" lower || exit 125; fi
mount -t overlay -o "$2" overlay merged || exit 125
shift 2
exec "$@"
"""


def check_place(root: Path) -> None:
    """Refuse a workspace that cannot be told apart from the system or from the person's home.

    Raises:
        InputError: It is, or holds, a folder of the system or the home folder.
    """
    covered = [Path(place) for place in _NEVER_COVERED] + [home_folder()]
    inside = ("/proc", "/sys", "/dev")
    if any(place.is_relative_to(root) for place in covered) or any(root.is_relative_to(p) for p in inside):
        raise InputError(
            f"Commands cannot run in {root}",
            why="The workspace holds your home folder or a part of the system, which a command must not see",
            fix="Open the folder of a project as the workspace",
        )


def launch_arguments(
    sandbox: Sandbox,
    job: Job,
    stage: Stage,
    *,
    filter_fd: int,
    status_fd: int,
    gate_fd: int,
    credential_fd: int = -1,
) -> list[str]:
    """Return the arguments of the process that runs a command in the sandbox; it runs in the stage's folder.

    Args:
        sandbox: One of bubblewrap's kinds.
        job: The command.
        stage: The folders made ready for it.
        filter_fd: The filter of system calls is read from here.
        status_fd: The id of the first process inside is written here.
        gate_fd: The command waits until something can be read from here.
        credential_fd: What it is told to log in to a host is read from here; -1 where it reaches none.
    """
    writable = sandbox.kind is Kind.OVERLAY and job.writes and job.reach is None
    directory = FOLDER if job.reach is not None else os.path.normpath(job.root / job.directory)
    if job.reach is not None:
        seen = reaching_arguments(job, job.reach, credential_fd)
    else:
        seen = _workspace(job, stage, writable=writable)
    command = [
        sandbox.programs["bwrap"],
        *_namespaces(network=job.reach is not None),
        *("--seccomp", str(filter_fd), "--json-status-fd", str(status_fd), "--block-fd", str(gate_fd)),
        *_system(),
        *_private_folders(),
        *_readable(job.readable),
        *seen,
        *("--remount-ro", "/dev", "--remount-ro", "/"),
        *("--chdir", directory, "--"),
        *_bounded(job),
    ]
    if not writable:
        return command
    root = str(job.root)
    bound = root if _SPECIAL.intersection(root) else ""
    options = f"lowerdir={'lower' if bound else root},upperdir=upper,workdir=work,userxattr"
    namespaces = ["--user", "--map-root-user", "--mount"]
    laying = [sandbox.programs["sh"], "-c", _LAY_OVERLAY, "overlay", bound, options]
    return [sandbox.programs["unshare"], *namespaces, "--", *laying, *command]


def _namespaces(*, network: bool) -> list[str]:
    return [
        *("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts"),
        *(() if network else ("--unshare-net",)),
        *("--unshare-cgroup-try", "--disable-userns", "--hostname", "codelab"),
        *("--uid", str(os.getuid()), "--gid", str(os.getgid())),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
    ]


def _system() -> list[str]:
    arguments: list[str] = []
    for place in _SYSTEM:
        arguments += ["--ro-bind-try", place, place]
    for place in _LINKED:
        if os.path.islink(place):
            arguments += ["--symlink", os.readlink(place), place]
        else:
            arguments += ["--ro-bind-try", place, place]
    for place in SECRETS_OF_THE_SYSTEM:
        if os.path.exists(place):
            arguments += ["--ro-bind", "/dev/null", place]
    for place in SECRET_FOLDERS_OF_THE_SYSTEM:
        if os.path.isdir(place):
            arguments += ["--tmpfs", place, "--remount-ro", place]
    return arguments


def _private_folders() -> list[str]:
    return [
        *("--proc", "/proc", "--dev", "/dev"),
        *("--size", str(_SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm"),  # noqa: S108 - the sandbox's own
        *(
            "--size",
            str(_TEMPORARY_BYTES),
            "--tmpfs",
            "/tmp",  # noqa: S108 - the sandbox's own
            "--dir",
            "/var",
            "--symlink",
            "/tmp",  # noqa: S108 - the sandbox's own
            "/var/tmp",  # noqa: S108 - the sandbox's own
        ),
        *("--size", str(_HOME_BYTES), "--tmpfs", str(home_folder())),
    ]


def _readable(folders: Iterable[Path]) -> list[str]:
    arguments: list[str] = []
    for folder in sorted(folders):
        arguments += ["--ro-bind-try", str(folder), str(folder)]
    return arguments


def _workspace(job: Job, stage: Stage, *, writable: bool) -> list[str]:
    root = str(job.root)
    arguments = ["--bind", "merged", root] if writable else ["--ro-bind", root, root]
    for name in stage.read_only:
        if name == ".git" and job.commits and writable:
            continue
        arguments += ["--ro-bind", str(job.root / name), str(job.root / name)]
    if stage.has_config:
        arguments += ["--ro-bind", "config", str(job.root / ".git/config")]
    for name in stage.hidden:
        arguments += ["--ro-bind", "empty", str(job.root / name)]
    return arguments


def _bounded(job: Job) -> Sequence[str]:
    """Return the command below the limits of single processes; the watchdog holds those of the whole tree."""
    limits = job.limits
    return [
        "prlimit",
        "--core=0:0",
        f"--nproc={limits.processes}:{limits.processes}",
        f"--fsize={limits.disk}:{limits.disk}",
        "--",
        *job.argv,
    ]
