"""Where something is missing or forbidden the next sandbox is taken, or commands are off, and why is told."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

# Takes away what the arguments name, from this process and all it starts, then looks for a sandbox.
LOOK = """
import ctypes, errno, struct, sys
from pathlib import Path
from codelab.core.errors import Denied
from codelab.sandbox.probe import find_sandbox
from codelab.sandbox.seccomp import filter_program

LANDLOCK = 444  # landlock_create_ruleset, on every architecture but Alpha
def forbid(program):
    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, ctypes.byref(Program(len(program) // 8, program)), 0, 0) == 0

lacking = sys.argv[2:]
if "namespaces" in lacking:
    forbid(filter_program())
if "landlock" in lacking:
    refuse, allow = (6, 0, 0, 0x50000 | errno.ENOSYS), (6, 0, 0, 0x7FFF0000)
    lines = [(0x20, 0, 0, 0), (0x15, 0, 1, LANDLOCK), refuse, allow]
    forbid(b"".join(struct.pack("<HBBI", *line) for line in lines))
try:
    found = find_sandbox(Path(sys.argv[1]), as_root=True, unsandboxed="unsandboxed" in lacking)
    print(found.kind, found.lacking)
except Denied as error:
    print(error)
"""
WITHOUT_BWRAP = [
    *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c"),
    'mount --bind /dev/null "$(command -v bwrap)" && exec "$@"',
    "sh",
]


def found(tmp_path: Path, *lacking: str) -> str:
    """Return the sandbox that is found where these are lacking, and what is told."""
    before = WITHOUT_BWRAP if "bwrap" in lacking else []
    done = subprocess.run(
        [*before, sys.executable, "-c", LOOK, str(tmp_path / "commands"), *lacking],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.req("SAFE-6")
def test_without_bubblewrap_the_next_sandbox_is_taken_and_says_what_is_missing(tmp_path: Path) -> None:
    assert found(tmp_path) == "overlay"  # the control
    told = found(tmp_path, "bwrap")
    assert told.startswith("landlock ")
    assert re.search(r"bwrap.* not installed", told)


@pytest.mark.req("SAFE-6")
def test_where_user_namespaces_are_forbidden_the_next_sandbox_is_taken_and_says_why(tmp_path: Path) -> None:
    told = found(tmp_path, "namespaces")
    assert told.startswith("landlock overlay: ")
    assert "not permitted" in told


@pytest.mark.req("SAFE-6")
def test_without_any_sandbox_commands_are_off_with_the_reason_and_the_fix(tmp_path: Path) -> None:
    told = found(tmp_path, "bwrap", "landlock")
    assert told.startswith("Commands are off. No sandbox works here: ")
    assert re.search(r"bwrap.* not installed", told) and "apt-get install bubblewrap" in told
    told = found(tmp_path, "namespaces", "landlock")
    assert told.startswith("Commands are off. No sandbox works here: ")
    assert "Allow user namespaces" in told


@pytest.mark.req("SAFE-6")
def test_only_the_persons_own_setting_runs_commands_without_a_sandbox(tmp_path: Path) -> None:
    assert found(tmp_path, "bwrap", "landlock", "unsandboxed").startswith("unsandboxed ")
    assert found(tmp_path, "unsandboxed") == "overlay"  # it is never taken where there is one
