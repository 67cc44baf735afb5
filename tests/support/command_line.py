"""The real command, in this process where that is enough, else in one of its own."""

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codelab.cli.main import main

GUARD_SECONDS = 180.0
CODELAB = [sys.executable, "-m", "codelab.cli.main"]


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it printed, read as one JSON document."""
        return json.loads(self.out)


def codelab(*arguments: str | Path) -> Ended:
    """Run a command in this process, with output that is no terminal."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    return Ended(code, _text(out), _text(err))


def codelab_process(
    *arguments: str | Path, stdin: str = "", cwd: Path | None = None, env: dict[str, str] | None = None
) -> Ended:
    """Run a command in a process of its own and wait for its end."""
    ended = subprocess.run(
        [*CODELAB, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        timeout=GUARD_SECONDS,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.detach()
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
