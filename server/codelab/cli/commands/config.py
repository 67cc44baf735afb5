"""``codelab config``: show and change settings; trust a workspace."""

import argparse
from pathlib import Path
from typing import Any

from codelab.cli.opening import run_async
from codelab.cli.root import chosen_root
from codelab.cli.terminal import Terminal
from codelab.config.catalog import all_settings
from codelab.config.edit import set_user_setting
from codelab.config.load import WORKSPACE_CONFIG, Loaded, load_settings
from codelab.config.places import Places, find_places
from codelab.config.settings import Settings
from codelab.store import audit, trust
from codelab.store.audit import AuditKind
from codelab.store.state import StateDb, UserDb


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    parser.set_defaults(action="show")
    show = actions.add_parser("show", help="all settings and where each comes from (default)")
    change = actions.add_parser("set", help="change one of your settings")
    change.add_argument("key", help="as `codelab config` shows it, e.g. models.chat")
    change.add_argument("value", help='the new value; a list as ["a", "b"]')
    trusting = actions.add_parser(
        "trust", help=f"let this workspace's {WORKSPACE_CONFIG} narrow your settings"
    )
    distrusting = actions.add_parser("distrust", help="take that back")
    for action in (show, change, trusting, distrusting):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        action.add_argument("--root", metavar="DIR", default=argparse.SUPPRESS, help="the workspace")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Show, set, trust or distrust."""
    if options.action == "set":
        return _set(options, terminal)
    if options.action == "show":
        return run_async(_show(options, terminal))
    return run_async(_change_trust(options, terminal))


def _set(options: argparse.Namespace, terminal: Terminal) -> int:
    changed = set_user_setting(find_places(), options.key, options.value)
    if terminal.as_json:
        terminal.show_json({"key": options.key, "file": str(changed)})
    else:
        terminal.show(f"Set {options.key} in {changed}.")
    return 0


async def _show(options: argparse.Namespace, terminal: Terminal) -> int:
    places = find_places()
    root = chosen_root(options.root)
    user = await UserDb.open(places.user_db)
    try:
        async with user.read() as reading:
            trusted = await trust.is_trusted(reading, root)
    finally:
        await user.close()
    loaded = load_settings(places, root, trusted=trusted)
    rows = _settings_and_origins(places, loaded)
    if terminal.as_json:
        terminal.show_json(
            {
                "settings": [{"key": key, "value": value, "from": origin} for key, value, origin in rows],
                "files": {"user": str(places.user_config), "workspace": str(root / WORKSPACE_CONFIG)},
                "trusted": trusted,
                "notes": list(loaded.notes),
            }
        )
        return 0
    width = max(len(key) for key, _, _ in rows)
    for key, value, origin in rows:
        terminal.show(f"{key:<{width}}  {_shown(value)}  ({origin})")
    terminal.show("")
    terminal.show(f"your settings: {places.user_config}")
    terminal.show(f"workspace: {root} ({'trusted' if trusted else 'not trusted'})")
    for note in loaded.notes:
        terminal.note(note)
    return 0


def _settings_and_origins(places: Places, loaded: Loaded) -> list[tuple[str, Any, str]]:
    """Return each setting with its value and where that comes from."""
    yours = load_settings(places).settings
    rows = []
    for info in all_settings():
        value = _value(loaded.settings, info.key)
        user_value = _value(yours, info.key)
        origin = "workspace" if value != user_value else "default" if user_value == info.default else "yours"
        rows.append((info.key, list(value) if isinstance(value, tuple) else value, origin))
    return rows


def _value(settings: Settings, key: str) -> Any:
    section, _, name = key.partition(".")
    return getattr(getattr(settings, section), name)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    if isinstance(value, bool):
        return str(value).lower()  # as it is written in the file
    return str(value) or "not set"


async def _change_trust(options: argparse.Namespace, terminal: Terminal) -> int:
    places: Places = find_places()
    root: Path = chosen_root(options.root)
    user = await UserDb.open(places.user_db)
    try:
        async with user.write() as writing:
            if options.action == "trust":
                await trust.trust(writing, root)
            else:
                await trust.distrust(writing, root)
    finally:
        await user.close()
    trusted = options.action == "trust"
    async with (
        await StateDb.open(places.state_db(root), places.audit_head(root)) as db,
        db.write() as writing,
    ):
        await audit.append(writing, AuditKind.TRUST_CHANGED, {"trusted": trusted}, client="command line")
    if terminal.as_json:
        terminal.show_json({"root": str(root), "trusted": trusted})
    elif trusted:
        terminal.show(f"{root} is trusted: its {WORKSPACE_CONFIG} may narrow your settings, and only that.")
    else:
        terminal.show(f"{root} is not trusted: its {WORKSPACE_CONFIG} is ignored.")
    return 0
