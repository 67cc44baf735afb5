"""The sandbox of a Linux without user namespaces: Landlock and a filter of system calls without sockets.

There is no namespace to kill, so the filter keeps every process in its process group, which is killed.
"""

import ctypes
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from codelab.sandbox.bubblewrap import SECRET_FOLDERS_OF_THE_SYSTEM, SECRETS_OF_THE_SYSTEM
from codelab.sandbox.seccomp import filter_program
from codelab.sandbox.stage import Stage
from codelab.sandbox.system_programs import system_program
from codelab.sandbox.types import Job

OLDEST_ABI = 6  # the first that keeps signals and abstract sockets in
_CREATE_RULESET = 444  # the same number on every architecture but Alpha
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store", "/gnu/store")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def landlock_abi() -> int:
    """Return the version of Landlock that the kernel speaks, 0 where there is none."""
    if sys.platform != "linux":
        return 0
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    return max(0, int(syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def launch_arguments(job: Job, stage: Stage) -> list[str]:
    """Return the arguments of the process that confines itself and then becomes the command."""
    launcher = Path(__file__).with_name("landlock_launcher.py")
    root = str(job.root)
    system = {os.path.realpath(place) for place in _SYSTEM if os.path.isdir(place)}
    hidden_system = {*SECRETS_OF_THE_SYSTEM, *SECRET_FOLDERS_OF_THE_SYSTEM}
    plan = {
        "read": [
            *sorted(system),
            *visible_parts("/etc", hidden_system),
            *map(str, job.readable),
            *visible_parts(root, {os.path.join(root, name) for name in (*stage.hidden, ".git/config")}),
        ],
        "list": [root, "/etc"],
        "write": [str(stage.path / "scratch")],
        "devices": list(_DEVICES),
        "filter": filter_program(namespaced=False).hex(),
        "directory": os.path.normpath(job.root / job.directory),
        "disk": job.limits.disk,
        "argv": list(job.argv),
    }
    interpreter = system_program("python3") or sys.executable
    return [interpreter, "-I", "-S", str(launcher), json.dumps(plan)]


def scratch_environment(job: Job, stage: Stage) -> dict[str, str]:
    """Return the environment of a command that may write to its scratch folder only."""
    scratch = str(stage.path / "scratch")
    return {**job.environment, "HOME": scratch, "TMPDIR": scratch}


def visible_parts(folder: str, hidden: Iterable[str]) -> Iterator[str]:
    """Yield the largest parts of a folder that hold nothing hidden: Landlock only grants."""
    within = [path for path in hidden if path == folder or path.startswith(f"{folder}/")]
    if not within:
        yield folder
        return
    if folder in within:
        return
    try:
        entries = sorted(entry.path for entry in os.scandir(folder) if not entry.is_symlink())
    except OSError:
        return
    for path in entries:
        yield from visible_parts(path, within)
