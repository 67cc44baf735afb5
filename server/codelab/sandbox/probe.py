"""Finding the sandbox that this machine has, by trying it. What has not been shown to work is not there."""

import os
import platform
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from codelab.core.errors import CodeLabError, Denied
from codelab.sandbox.bubblewrap import OVERLAY_PROGRAMS, PROGRAMS
from codelab.sandbox.environment import clean_environment
from codelab.sandbox.landlock import OLDEST_ABI, landlock_abi
from codelab.sandbox.run import run_here
from codelab.sandbox.seatbelt import PROGRAM
from codelab.sandbox.seccomp import filter_program
from codelab.sandbox.stage import prepared_stage
from codelab.sandbox.system_programs import system_program
from codelab.sandbox.types import Job, Kind, Limits, Sandbox

_WRITTEN = "written in the sandbox"
_INSTALL = "Install bubblewrap with your package manager (Debian and Ubuntu: apt-get install bubblewrap)"
_ALLOW = (
    "Allow user namespaces: see `sysctl user.max_user_namespaces kernel.unprivileged_userns_clone "
    "kernel.apparmor_restrict_unprivileged_userns`, or install your system's AppArmor profile for bwrap"
)
_found: dict[Path, Sandbox] = {}
_one_at_a_time = threading.Lock()


def find_sandbox(folder: Path, *, as_root: bool = False, unsandboxed: bool = False) -> Sandbox:
    """Return the best sandbox that works here, having tried it; what was found is remembered.

    Args:
        folder: Where folders for commands may be made.
        as_root: Whether the person lets commands run where CodeLab runs as root.
        unsandboxed: Whether the person lets commands run without a sandbox where there is none.

    Raises:
        Denied: Commands cannot run here; says why and what to do.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0 and not as_root:
        raise Denied(
            "Commands are off",
            why="CodeLab runs as root, and limits bind root less",
            fix="Run CodeLab as an ordinary user, or set sandbox.as_root in your own config.toml",
        )
    with _one_at_a_time:
        if folder in _found:
            return _found[folder]
        _check_folder(folder)
        reasons: list[str] = []
        for find in _FINDERS.get(sys.platform, ()):
            found = find(folder, reasons)
            if found is not None:
                _found[folder] = found
                return found
    if unsandboxed:
        return Sandbox(Kind.UNSANDBOXED, lacking="; ".join(reasons))
    raise Denied("Commands are off", why=_why(reasons), fix=_fix(reasons))


def _check_folder(folder: Path) -> None:
    """See to it that no sandbox is blamed where nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=folder, prefix="probe-"):
            pass
    except OSError as error:
        raise Denied(
            "Commands are off",
            why=f"{folder} cannot be written, and what commands change is kept there ({error.strerror})",
            fix="Make it writable for yourself, or set CODELAB_HOME to a folder that is",
        ) from error


def _overlay(folder: Path, reasons: list[str]) -> Sandbox | None:
    return _bubblewrap(Kind.OVERLAY, (*PROGRAMS, *OVERLAY_PROGRAMS), folder, reasons)


def _read_only(folder: Path, reasons: list[str]) -> Sandbox | None:
    return _bubblewrap(Kind.READ_ONLY, PROGRAMS, folder, reasons)


def _bubblewrap(kind: Kind, names: tuple[str, ...], folder: Path, reasons: list[str]) -> Sandbox | None:
    programs = {name: system_program(name) for name in names}
    if missing := [name for name, path in programs.items() if not path]:
        reasons.append(f"{' and '.join(missing)} not installed in a folder of the system")
        return None
    try:
        filter_program()
    except LookupError:
        reasons.append(f"no filter of system calls is known for {platform.machine()}")
        return None
    return _tried(Sandbox(kind, programs, lacking="; ".join(dict.fromkeys(reasons))), folder, reasons)


def _landlock(folder: Path, reasons: list[str]) -> Sandbox | None:
    abi = landlock_abi()
    if abi < OLDEST_ABI:
        reasons.append(f"Landlock {OLDEST_ABI} is needed and the kernel has {abi or 'none'}")
        return None
    return _tried(Sandbox(Kind.LANDLOCK, lacking="; ".join(dict.fromkeys(reasons))), folder, reasons)


def _seatbelt(folder: Path, reasons: list[str]) -> Sandbox | None:
    program = system_program(PROGRAM)
    if not program:
        reasons.append(f"{PROGRAM} is not there")
        return None
    return _tried(Sandbox(Kind.SEATBELT, {PROGRAM: program}), folder, reasons)


def _tried(sandbox: Sandbox, folder: Path, reasons: list[str]) -> Sandbox | None:
    """Return the sandbox if a command in it runs, and writes where it should and nowhere else."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=folder, prefix="probe-") as name:
            works = _writes_apart(sandbox, Path(name).resolve(), folder)
    except (CodeLabError, OSError, subprocess.SubprocessError) as error:
        reasons.append(f"{sandbox.kind}: {getattr(error, 'why', '') or error}")
        return None
    if not works:
        reasons.append(f"{sandbox.kind}: a command in it did not do what it should")
    return sandbox if works else None


def _writes_apart(sandbox: Sandbox, root: Path, folder: Path) -> bool:
    (root / "file").write_text("as it was", encoding="utf-8")
    script = f"printf '{_WRITTEN}' > file; cat /proc/{os.getpid()}/environ > $TMPDIR/seen || echo ok"
    environment = clean_environment({}, root)
    job = Job(root, ("sh", "-c", script), ".", environment, Limits(seconds=20.0))
    watched, cancel = os.pipe()
    try:
        with prepared_stage(folder, root) as stage:
            finished = run_here(sandbox, job, stage, lambda _: None, watched)
            layer = stage.upper / "file"
            written = layer.read_text(encoding="utf-8") if layer.exists() else ""
    finally:
        os.close(watched)
        os.close(cancel)
    untouched = (root / "file").read_text(encoding="utf-8") == "as it was"
    wanted = _WRITTEN if sandbox.kind is Kind.OVERLAY else ""
    return untouched and written == wanted and finished.output.rstrip().endswith("ok")


def _why(reasons: list[str]) -> str:
    if sys.platform == "win32":
        return "Windows has no sandbox that CodeLab can use"
    return "No sandbox works here: " + ("; ".join(reasons) or f"none is known for {sys.platform}")


def _fix(reasons: list[str]) -> str:
    if sys.platform == "win32":
        return "Run CodeLab in WSL2"
    if sys.platform != "linux":
        return "Run CodeLab on Linux, or set sandbox.unsandboxed in your own config.toml"
    return _INSTALL if any("bwrap" in reason and "not installed" in reason for reason in reasons) else _ALLOW


_Finder = Callable[[Path, list[str]], Sandbox | None]
_FINDERS: dict[str, tuple[_Finder, ...]] = {
    "linux": (_overlay, _read_only, _landlock),
    "darwin": (_seatbelt,),
}
