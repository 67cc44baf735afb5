"""Set up what the tests need in ``.venv``, then run every check and the whole test suite.

    python3 scripts/test.py [--quick] [arguments for pytest]

``--quick`` leaves out the type checkers and the tests marked ``slow`` or ``local``; the latter need
llama-cpp-python, which is compiled once and takes minutes. What a test needs and does not find makes that
test fail with the reason; nothing is skipped.
"""

import os
import shutil
import subprocess
import sys
import time

import environment

PROBLEMS = "Failed: "


def main() -> int:
    """Set up, run the checks, then the tests; return 0 if all passed."""
    environment.run_under_new_enough_python()
    arguments = sys.argv[1:]
    quick = "--quick" in arguments
    arguments = [argument for argument in arguments if argument != "--quick"]
    environment.prepare("dev")
    install_neovim()
    if not quick and not environment.prepare_local():
        environment.say("The tests that load GGUF files will fail.")
    install_bubblewrap()
    failed = run_checks(quick)
    workers = min(os.cpu_count() or 2, 8) + 1  # many tests wait for processes most of the time
    tests = [
        "pytest",
        "-n",
        str(workers),
        "--dist",
        "worksteal",
        *(["-m", "not slow and not long and not local"] if quick else []),
        *arguments,
    ]
    if failed:
        environment.say(PROBLEMS + ", ".join(failed) + " (the tests run all the same)")
    code = in_environment(tests)
    if failed:
        environment.say(PROBLEMS + ", ".join(failed))
    return code or (1 if failed else 0)


def install_neovim() -> None:
    """Install Neovim, the editor of the tests, where it is missing and that is possible."""
    if shutil.which("nvim") or environment.debian_install(["neovim"]):
        return
    environment.say(
        "Neovim is missing and could not be installed from here; the tests that drive it will fail. "
        "Install it from https://neovim.io or with your package manager (Debian: apt-get install neovim)."
    )


def install_bubblewrap() -> None:
    """Install bubblewrap, which makes the sandbox of commands on Linux, where it is missing and possible."""
    if sys.platform != "linux" or shutil.which("bwrap") or environment.debian_install(["bubblewrap"]):
        return
    environment.say(
        "bubblewrap is missing and could not be installed from here; the tests of the sandbox will fail. "
        "Install it with your package manager (Debian: apt-get install bubblewrap)."
    )


def run_checks(quick: bool) -> "list[str]":
    """Run the linter and, unless quick, the type checkers; return the names of those that failed."""
    checks = {"ruff check": ["ruff", "check", "."], "ruff format": ["ruff", "format", "--check", "."]}
    if not quick:
        checks["mypy"] = ["mypy"]
        checks["pyright"] = ["pyright"]
    failed: list[str] = []
    for name, command in checks.items():
        started = time.monotonic()
        if in_environment(command) != 0:
            failed.append(name)
        environment.say(f"{name}: {time.monotonic() - started:.0f} s")
    return failed


def in_environment(command: "list[str]") -> int:
    """Run a Python tool of the virtual environment in the checkout; return its exit status."""
    return subprocess.call(
        [str(environment.PYTHON), "-m", *command],
        env=environment.command_environment(),
        cwd=str(environment.ROOT),
    )


if __name__ == "__main__":
    sys.exit(main())
