"""How long a command takes to start in the sandbox, against the same command without one, interleaved.

    .venv/bin/python -m tests.benchmarks.sandbox_start [rounds]

Root gives up its rights first: figures are those of an ordinary user.
"""

import os
import statistics
import sys
import time
from pathlib import Path

from codelab.sandbox.environment import clean_environment
from codelab.sandbox.probe import find_sandbox
from codelab.sandbox.run import run_here
from codelab.sandbox.stage import prepared_stage
from codelab.sandbox.types import Job, Kind, Sandbox
from tests.sandbox.inside import become_ordinary, scratch

_FILES = 2_000  # in the workspace: they are looked through for secrets before each command


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    become_ordinary()
    times: dict[str, list[float]] = {}
    with scratch() as base:
        best = find_sandbox(base / "stage")
        root = base / "work"
        for number in range(_FILES):
            path = root / f"folder{number % 50}" / f"{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x = 1\n")
        for _ in range(rounds):
            for kind in (Kind.UNSANDBOXED, Kind.READ_ONLY, Kind.OVERLAY):
                sandbox = Sandbox(kind, best.programs)
                times.setdefault(kind.value, []).append(_start(sandbox, root, base))
    floor = statistics.median(times[Kind.UNSANDBOXED.value])
    for name, taken in times.items():
        middle = statistics.median(taken)
        more = (middle - floor) * 1000
        sys.stdout.write(f"{name:12} p50 {middle * 1000:6.1f} ms, {more:+6.1f} ms, {middle / floor:.1f} x\n")


def _start(sandbox: Sandbox, root: Path, base: Path) -> float:
    job = Job(root, ("true",), ".", clean_environment(os.environ, root))
    watched, cancel = os.pipe()
    try:
        began = time.perf_counter()
        with prepared_stage(base / "stage", root) as stage:
            run_here(sandbox, job, stage, lambda _: None, watched)
            return time.perf_counter() - began
    finally:
        os.close(watched)
        os.close(cancel)


if __name__ == "__main__":
    main()
