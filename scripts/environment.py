"""The project's own virtual environment: made, filled from the lock files, and used again.

This file and the two scripts that use it run on whatever ``python3`` a machine has, so they keep to old
syntax and the standard library until a Python of 3.11 or later has taken over.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCKS = ROOT / "requirements"


def run_under_new_enough_python() -> None:
    """Go on under Python 3.11 or later; where there is none, say so and end."""
    if tuple(sys.version_info[:2]) >= OLDEST:
        return
    for name in NEWER:
        found = shutil.which(name)
        # A version manager's shim may be there for a version that is not chosen.
        if found and subprocess.call([found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            sys.exit(subprocess.call([found, *sys.argv]))
    give_up(
        "CodeLab needs Python 3.11 or later; this is {}.{}, and no python3.11 to 3.14 is on PATH.".format(
            *sys.version_info[:2]
        )
    )


def give_up(reason: str) -> NoReturn:
    """End with one sentence for the person."""
    sys.stderr.write(reason + "\n")
    sys.exit(2)


def say(text: str) -> None:
    """Print one line of progress at once, apart from the output of the command itself."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def prepare(lock: str) -> None:
    """Make ``.venv`` hold the project and exactly what a lock file names.

    Args:
        lock: ``base`` (what CodeLab runs on) or ``dev`` (that and what its tests need).
    """
    wanted = _fingerprint(lock)
    if _stamp(lock) == wanted:
        return
    started = time.monotonic()
    # Removed first: an installation that breaks off must not look complete.
    for other in ("base", "dev"):
        _stamp_file(other).unlink(missing_ok=True)
    if not _works():
        say("Making a virtual environment in .venv")
        _make_environment()
    say(f"Installing the dependencies of requirements/{lock}.txt")
    _pip("--require-hashes", "-r", str(LOCKS / "build.txt"))
    _install("--require-hashes", "-r", str(LOCKS / f"{lock}.txt"))
    _install("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    # What the tests need holds all that CodeLab runs on.
    for complete in {"base", lock}:
        _stamp_file(complete).write_text(_fingerprint(complete))
    say(f"Installed in {time.monotonic() - started:.0f} s")


def prepare_local() -> bool:
    """Add what local models need to ``.venv``, which is compiled; tell whether it is there afterwards.

    It takes minutes the first time. The installer keeps what was compiled, for this and other checkouts, so
    it is made for any processor of the kind and not for this very one.
    """
    wanted = _fingerprint("local")
    if _stamp("local") == wanted and _has_llama():
        return True
    if not any(map(shutil.which, ("c++", "g++", "clang++", "cl"))) and not debian_install(["g++"]):
        say(
            "There is no C++ compiler, so llama-cpp-python cannot be installed (Debian: apt-get install g++)."
        )
        return False
    say("Installing the dependencies of requirements/local.txt; compiling llama.cpp takes some minutes")
    started = time.monotonic()
    settings = {"CMAKE_ARGS": "-DGGML_NATIVE=OFF", "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 2)}
    arguments = ("--require-hashes", "-r", str(LOCKS / "local.txt"))
    if not (_uv_install(arguments, settings) or _pip_install(arguments, settings)) or not _has_llama():
        say("llama-cpp-python could not be installed; the lines above say why.")
        return False
    _stamp_file("local").write_text(wanted)
    say(f"Installed in {time.monotonic() - started:.0f} s")
    return True


def command_environment() -> "dict[str, str]":
    """Return the environment for commands of the virtual environment.

    Python keeps what it compiled, whatever the person's own setting: CodeLab is several processes, and each
    would compile hundreds of modules anew.
    """
    left_out = ("PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    environment = {key: value for key, value in os.environ.items() if key not in left_out}
    environment["VIRTUAL_ENV"] = str(ENVIRONMENT)
    environment["PATH"] = str(BIN) + os.pathsep + environment.get("PATH", "")
    return environment


def debian_install(packages: "list[str]") -> bool:
    """Install Debian packages if that is possible here without a password; tell whether it worked."""
    if not shutil.which("apt-get"):
        return False
    prefix: list[str] = []
    if os.geteuid() != 0:
        if (
            not shutil.which("sudo")
            or subprocess.call(["sudo", "-n", "true"], stderr=subprocess.DEVNULL) != 0
        ):
            return False
        prefix = ["sudo", "-n"]
    say(f"Installing {' '.join(packages)} with apt-get")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = [*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    for command in (install, [*prefix, "apt-get", "update", "-qq"], install):
        code = subprocess.call(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if command is install and code == 0:
            return True
    return False


def _fingerprint(lock: str) -> str:
    digest = hashlib.sha256()
    for part in (LOCKS / "build.txt", LOCKS / f"{lock}.txt", ROOT / "pyproject.toml"):
        digest.update(part.read_bytes())
    digest.update(f"{ROOT}\0{sys.version_info[:3]}".encode())
    return digest.hexdigest()


def _stamp_file(lock: str) -> Path:
    return ENVIRONMENT / f"codelab-{lock}.sha256"


def _stamp(lock: str) -> str:
    try:
        return _stamp_file(lock).read_text()
    except OSError:
        return ""


def _works() -> bool:
    """Tell whether ``.venv`` is there, runs, and is of this very Python."""
    version = "import pip, sys; print(sys.version_info[:3])"
    try:
        output = subprocess.check_output([str(PYTHON), "-c", version], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return False
    return output.decode().strip() == str(tuple(sys.version_info[:3]))


def _make_environment() -> None:
    packages = "python{}.{}-venv".format(*sys.version_info[:2])
    try:
        import ensurepip  # noqa: F401 - Debian keeps it in a package of its own
    except ImportError:
        if not debian_install([packages]):
            give_up(
                f"This Python cannot make virtual environments (Debian, Ubuntu: apt-get install {packages})."
            )
    # Without -I, a PYTHONPATH of the caller would be searched for pip.
    if subprocess.call([sys.executable, "-I", "-m", "venv", "--clear", str(ENVIRONMENT)]) != 0:
        give_up(f"No virtual environment could be made in {ENVIRONMENT}; the lines above say why.")


def _has_llama() -> bool:
    return subprocess.call([str(PYTHON), "-c", "import llama_cpp"], stderr=subprocess.DEVNULL) == 0


def _install(*arguments: str) -> None:
    """Install with uv, which is many times faster; with pip where uv does not get through."""
    if not _uv_install(arguments):
        say("uv did not get through; installing with pip")
        _pip(*arguments)


def _uv_install(arguments: "tuple[str, ...]", settings: "dict[str, str] | None" = None) -> bool:
    uv = BIN / ("uv.exe" if os.name == "nt" else "uv")
    environment = dict(command_environment(), **(settings or {}))
    index = environment.get("PIP_INDEX_URL")
    if index:
        environment.setdefault("UV_DEFAULT_INDEX", index)
    certificates = environment.get("PIP_CERT") or environment.get("REQUESTS_CA_BUNDLE")
    if certificates:
        environment.setdefault("SSL_CERT_FILE", certificates)
    command = [str(uv), "pip", "install", "--quiet", "--no-config", "--python", str(PYTHON), *arguments]
    try:
        return subprocess.call(command, env=environment, cwd=str(ROOT)) == 0
    except OSError:
        return False  # no wheel of uv for this platform


def _pip_install(arguments: "tuple[str, ...]", settings: "dict[str, str] | None" = None) -> bool:
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    environment = dict(command_environment(), **quiet, **(settings or {}))
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", *arguments]
    return subprocess.call(command, env=environment, cwd=str(ROOT)) == 0


def _pip(*arguments: str) -> None:
    if not _pip_install(arguments):
        give_up("The dependencies could not be installed; the lines above say why. Run it again to go on.")
