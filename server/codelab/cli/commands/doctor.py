"""``codelab doctor``: what works, what is missing, and how to add it."""

import argparse

from codelab.cli.checks import Check, check_everything
from codelab.cli.opening import run_async
from codelab.cli.root import chosen_root
from codelab.cli.terminal import Terminal

_SHOWN = {"ok": "ok", "missing": "--", "broken": "!!"}
_SOMETHING_BROKEN = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments: none of its own."""


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Check everything; 1 if something that CodeLab needs is broken, 0 if only extras are missing."""
    return run_async(_doctor(options, terminal))


async def _doctor(options: argparse.Namespace, terminal: Terminal) -> int:
    checks = await check_everything(chosen_root(options.root))
    broken = any(check.state == "broken" for check in checks)
    if terminal.as_json:
        terminal.show_json({"ok": not broken, "checks": [_data(check) for check in checks]})
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            terminal.show(f"{_SHOWN[check.state]}  {check.name:<{width}}  {check.detail}")
            if check.fix:
                terminal.show(f"    {'':<{width}}  {check.fix}")
    return _SOMETHING_BROKEN if broken else 0


def _data(check: Check) -> dict[str, str]:
    return {"name": check.name, "state": check.state, "detail": check.detail, "fix": check.fix}
