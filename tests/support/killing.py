"""Killing a child process in the middle of its work, again and again."""

import subprocess
import sys
from pathlib import Path


class Victim:
    """A child that runs a script and tells, a line at a time on its output, how far it has come."""

    def __init__(self, script: str, *arguments: str | Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE, bufsize=0
        )

    def wait_for_lines(self, count: int) -> list[str]:
        """Wait until the child has told some lines, and return them."""
        assert self._process.stdout is not None
        lines = [self._process.stdout.readline().decode().rstrip("\n") for _ in range(count)]
        assert all(lines), "the child ended early"
        return lines

    def kill(self) -> list[str]:
        """Kill the child at once (SIGKILL) and return the whole lines that it told and that were not read."""
        assert self._process.stdout is not None
        self._process.kill()
        rest = self._process.stdout.read().decode()
        self._process.stdout.close()
        self._process.wait(timeout=30)
        return rest.split("\n")[:-1]
