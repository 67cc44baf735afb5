"""Nothing of a command outlives its end, whenever and however that comes."""

import json
import random
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from codelab.sandbox.stage import prepared_stage, sweep
from tests.programme.volume import Volume
from tests.sandbox.inside import survivors
from tests.support.leftovers import Leftover, wait_for_end
from tests.support.sandboxes import in_sandboxes

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DETACHES = """
import os
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv("/bin/sh", ["{token}", "-c", "sleep 1000; true"])
        os._exit(0)
print("ready", flush=True)
os.execv("/bin/sh", ["{token}", "-c", "sleep 1000; true"])
"""


def detaching(token: str) -> list[str]:
    """Return a command that starts processes which leave its session."""
    return ["/usr/bin/python3", "-I", "-S", "-c", DETACHES.replace("{token}", token)]


def check_cancels(rounds: int, seed: int) -> None:
    """Cancel commands at any moment from before they start, and check that none is left."""
    token = f"codelab-{uuid.uuid4().hex}"
    chance = random.Random(seed)
    cases = [
        {"argv": detaching(token), "cancel_after": chance.uniform(0.0, 0.15), "token": token}
        for _ in range(rounds)
    ]
    results = in_sandboxes(cases)
    assert [result["stopped"] for result in results] == ["cancel"] * rounds
    assert [result["alive"] for result in results if result["alive"]] == []


@pytest.mark.programme("survivors")
@pytest.mark.req("SAFE-6", "SAFE-8")
def test_a_cancel_at_any_moment_leaves_no_process(volume: Volume) -> None:
    cancels = volume(12, 500)
    for first in range(0, cancels, 12):
        check_cancels(min(12, cancels - first), first)


@pytest.mark.req("SAFE-6")
def test_a_command_dies_with_the_process_that_runs_it_and_its_folder_is_swept() -> None:
    token = f"codelab-{uuid.uuid4().hex}"
    case = {"argv": detaching(token), "die_at": "ready", "token": token, "seconds": 60}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.sandbox.inside"],
        input=json.dumps([case]),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == -9, ended.stderr
    deadline = time.monotonic() + 10.0
    while (left := survivors(token)) and time.monotonic() < deadline:  # what dies may fork once more
        wait_for_end([Leftover(pid, token) for pid in left], deadline - time.monotonic())
    assert survivors(token) == []


@pytest.mark.req("SAFE-6")
def test_folders_of_commands_that_nobody_runs_any_more_are_swept(tmp_path: Path) -> None:
    folder, root = tmp_path / "commands", tmp_path / "work"
    root.mkdir()
    with prepared_stage(folder, root) as living:
        dead = folder / "job-dead"
        (dead / "upper/deep").mkdir(parents=True)
        (dead / "lock").touch()
        (dead / "upper/deep").chmod(0o000)
        sweep(folder)
        assert living.path.exists()
        assert not dead.exists()
    assert list(folder.iterdir()) == []
