"""Commands that take too much are stopped, with all they started; those that take less are not."""

import uuid
from typing import Any

import pytest

from codelab.sandbox.types import Kind
from tests.programme.volume import Volume
from tests.support.sandboxes import in_sandboxes

pytestmark = pytest.mark.slow

TOKEN = f"codelab-{uuid.uuid4().hex}"  # to find survivors by
PYTHON = ["/usr/bin/python3", "-I", "-S", "-c"]
TREE = """
import os, sys, time
for _ in range(4):
    if os.fork() == 0:
        held = bytearray(os.urandom(1 << 20)) * 40
        time.sleep({seconds})
        os._exit(0)
for _ in range(4):
    os.wait()
"""
MANY = """
import os, time
for _ in range(40):
    if os.fork() == 0:
        time.sleep({seconds})
        os._exit(0)
for _ in range(40):
    os.wait()
"""
WRITES = 'import time; open("big", "wb").write(bytes(1 << 20) * 30); time.sleep({seconds})'
SAYS = 'import time; print("x" * 3_000_000); time.sleep({seconds})'
SLEEPS = "import time; time.sleep({seconds})"

HOLDS = 'import time; held = b"x" * 200_000_000; time.sleep({seconds})'
FILES = """
import os, time
os.mkdir("many")
for number in range(3_000):
    os.close(os.open("many/%d" % number, os.O_CREAT))
time.sleep({seconds})
"""

BOMBS = {  # what it does, the limit that stops it, one that does not
    "memory": (TREE, {"memory": 100_000_000}, {"memory": 2_000_000_000}),
    "processes": (MANY, {"processes": 20}, {"processes": 100}),
    "disk": (WRITES, {"disk": 10_000_000}, {"disk": 100_000_000}),
    "output": (SAYS, {"output": 1_000_000}, {"output": 10_000_000}),
    "time": (SLEEPS, {"seconds": 0.5}, {"seconds": 60.0}),
    "files": (FILES, {"files": 2_000}, {"files": 4_000}),
    "memory of one": (HOLDS, {"memory": 100_000_000}, {"memory": 2_000_000_000}),
}
FORKS = f": {TOKEN}; b() {{ b | b & }}; b; sleep 1000"
STOPPED_BY = {  # a limit of the kernel's own may come first: then the command fails instead
    "memory of one": ("memory",),
    "processes": ("processes", ""),
    "disk": ("disk", ""),
    "forks": ("processes", "time", ""),  # the shell gives up where it cannot fork
    "files": ("disk",),
}


def bombs() -> dict[str, dict[str, Any]]:
    """Return every kind of command that takes too much."""
    cases = {
        name: {"argv": [*PYTHON, f"{does.format(seconds=1000)}# {TOKEN}"], "limits": limits, "token": TOKEN}
        for name, (does, limits, _) in BOMBS.items()
    }
    forks = {"argv": ["/bin/sh", "-c", FORKS], "limits": {"processes": 60, "seconds": 3.0}, "token": TOKEN}
    return {**cases, "forks": forks}


@pytest.mark.programme("bombs")
@pytest.mark.req("SAFE-6")
def test_a_command_that_takes_too_much_is_stopped_with_all_it_started(volume: Volume) -> None:
    cases = bombs()
    for _ in range(volume(8, 160) // len(cases)):
        results = dict(zip(cases, in_sandboxes(list(cases.values())), strict=True))
        assert {name: result["alive"] for name, result in results.items() if result["alive"]} == {}
        stopped = {name: result["stopped"] for name, result in results.items()}
        assert {name: by for name, by in stopped.items() if by not in STOPPED_BY.get(name, (name,))} == {}
        assert results["forks"]["usage"]["processes"] < 200


@pytest.mark.req("SAFE-6")
def test_a_command_that_stays_below_the_limits_runs_to_its_end() -> None:
    cases = [
        {"argv": [*PYTHON, does.format(seconds=1.5)], "limits": limits} for does, _, limits in BOMBS.values()
    ]
    results = in_sandboxes(cases)
    assert [(result["stopped"], result["code"]) for result in results] == [("", 0)] * len(BOMBS)
    memory, processes, disk = (results[place]["usage"] for place in range(3))
    assert memory["memory"] > 80_000_000
    assert processes["processes"] > 20
    assert disk["disk"] >= 30 << 20


@pytest.mark.req("SAFE-6")
@pytest.mark.parametrize("kind", [Kind.OVERLAY, Kind.READ_ONLY, Kind.LANDLOCK])
def test_a_cancel_kills_what_has_detached_itself(kind: Kind) -> None:
    detaches = f"""
import os, signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv("/bin/sh", ["{TOKEN}", "-c", "sleep 1000; true"])
print("ready", flush=True)
os.wait()
signal.pause()
"""
    [result] = in_sandboxes(
        [{"argv": [*PYTHON, detaches], "cancel_at": "ready", "kind": kind.value, "token": TOKEN}]
    )
    assert result["stopped"] == "cancel"
    assert result["alive"] == []


@pytest.mark.req("SAFE-6")
def test_of_much_output_the_beginning_and_the_end_are_kept() -> None:
    says = 'print("first"); print("x" * 500_000); print("last")'
    [result] = in_sandboxes([{"argv": [*PYTHON, says]}])
    assert result["output"].startswith("first\n")
    assert result["output"].endswith("last\n")
    assert "bytes left out" in result["output"]
    assert len(result["output"]) < 200_000
