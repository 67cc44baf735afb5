"""A real, headless Neovim that plays a scenario in Lua."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.lsp_client import SERVER

FOLDER = Path(__file__).parents[1] / "e2e" / "neovim"
PLUGIN = Path(__file__).parents[2] / "editor-clients" / "neovim"
GUARD_SECONDS = 110


@dataclass(frozen=True)
class Played:
    """What a scenario told."""

    told: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.told[name]


def play(scenario: str, file: Path, *, plugin: bool = True) -> Played:
    """Play a scenario on a file and return what it told.

    Args:
        scenario: Name of a file in tests/e2e/neovim, without its ending.
        file: What Neovim opens.
        plugin: Whether CodeLab's plugin is on the runtime path.
    """
    nvim = shutil.which("nvim")
    if nvim is None:
        pytest.fail("Neovim is missing; install it, on Debian with: apt-get install -y neovim")
    home = Path(os.environ["CODELAB_HOME"])
    log = home / "scenario.jsonl"
    environment = {
        **os.environ,
        "SCENARIO_FOLDER": str(FOLDER),
        "SCENARIO_FILE": str(file),
        "SCENARIO_LOG": str(log),
        "SERVER_COMMAND": json.dumps(SERVER),
        "XDG_CACHE_HOME": str(home / "nvim"),
        "XDG_CONFIG_HOME": str(home / "nvim"),
        "XDG_DATA_HOME": str(home / "nvim"),
        "XDG_STATE_HOME": str(home / "nvim"),
    }
    begin = ["--cmd", f"set runtimepath^={PLUGIN}"] if plugin else []
    load = ["-c", f"runtime plugin/codelab.lua | luafile {FOLDER / scenario}.lua"]
    ended = subprocess.run(
        [nvim, "--headless", "-u", "NONE", "-i", "NONE", "-n", *begin, *load],
        env=environment,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    lines = log.read_text().splitlines() if log.exists() else []
    told: dict[str, Any] = {}
    for line in lines:
        told.update(json.loads(line))
    if told.get("failure", "Neovim did not get to the end"):
        server_log = "".join(path.read_text() for path in (home / "nvim").rglob("lsp.log"))
        pytest.fail(f"{told.get('failure')}\n{told}\n{ended.stderr[-3000:]}\n{server_log[-3000:]}")
    return Played(told)
