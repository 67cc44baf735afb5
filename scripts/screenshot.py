"""Make docs/images/approval.png: a change put before a person in a real Neovim.

    .venv/bin/python scripts/screenshot.py

Needs Neovim, xterm, Xvfb, xdotool and ImageMagick (Debian: apt-get install neovim xterm xvfb xdotool
imagemagick). The model is the tests' scripted one.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.model_server import When, scripted_model  # noqa: E402

PICTURE = ROOT / "docs" / "images" / "approval.png"
DISPLAY = ":87"
XTERM = (
    *("xterm", "-geometry", "100x27+0+0", "-fa", "DejaVu Sans Mono", "-fs", "12"),
    *("-bg", "#1e2127", "-fg", "#d7dae0"),
)
PAYMENTS = '''\
"""Payments of the shop."""


# codelab: raise ValueError when the amount is negative
def pay(account, amount):
    account.balance -= amount
    return account.receipt(amount)
'''
OLD = PAYMENTS[PAYMENTS.index("# codelab") : PAYMENTS.index("    account.balance")]
NEW = 'def pay(account, amount):\n    if amount < 0:\n        raise ValueError("the amount is negative")\n'
EDIT = {"path": "payments.py", "replacements": [{"old": OLD, "new": NEW}]}
RULES = [When(role="user").call("edit_file", EDIT), When(role="tool").say("Done.")]
SETUP = f"""
vim.opt.runtimepath:prepend("{ROOT}/editor-clients/neovim")
vim.opt.number = true
vim.opt.laststatus = 2
vim.opt.shortmess:append("I")
require("codelab").setup({{ cmd = {{ "{sys.executable}", "-m", "codelab.cli.main", "--stdio" }} }})
"""


def main() -> int:
    """Play the scene and take the picture."""
    with tempfile.TemporaryDirectory(prefix="codelab-picture-") as folder:
        home, shop = Path(folder, "home"), Path(folder, "shop")
        (shop / ".git").mkdir(parents=True)
        (shop / "payments.py").write_text(PAYMENTS)
        (home / "config").mkdir(parents=True)
        Path(folder, "init.lua").write_text(SETUP)
        with scripted_model(
            [When(role="user").call("edit_file", EDIT), When(role="tool").say("Done.")]
        ) as model:
            config = f'[models]\nendpoint = "{model.base_url}"\nchat = "scripted"\n'
            (home / "config" / "config.toml").write_text(config)
            environment = {**os.environ, "DISPLAY": DISPLAY, "CODELAB_HOME": str(home), "HOME": folder}
            screen = subprocess.Popen(
                ["Xvfb", DISPLAY, "-screen", "0", "1000x560x24"], stderr=subprocess.DEVNULL
            )
            try:
                play(environment, folder, shop, lambda: len(model.requests) > 0)
            finally:
                screen.terminate()
                screen.wait()
    return 0


def play(environment: dict[str, str], folder: str, shop: Path, asked: Callable[[], bool]) -> None:
    """Open the file, choose the code action, ask for the diff, and keep the picture."""
    time.sleep(1)
    terminal = subprocess.Popen(
        [*XTERM, "-e", "nvim", "-u", f"{folder}/init.lua", "-i", "NONE", "-n", "+4", "payments.py"],
        env=environment,
        cwd=shop,
    )
    try:
        time.sleep(6)
        keys(environment, ":lua vim.lsp.buf.code_action()", "Return")
        time.sleep(2)
        keys(environment, "1", "Return")
        while not asked():
            time.sleep(0.1)
        time.sleep(3)
        keys(environment, "s")
        time.sleep(3)
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["import", "-window", "root", str(PICTURE)], env=environment, check=True)
    finally:
        terminal.terminate()
        terminal.wait()


def keys(environment: dict[str, str], text: str, *more: str) -> None:
    """Type some text and then some keys."""
    subprocess.run(["xdotool", "type", "--delay", "15", text], env=environment, check=True)
    for key in more:
        subprocess.run(["xdotool", "key", key], env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
