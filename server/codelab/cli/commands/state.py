"""``codelab state``: check, back up and restore what CodeLab keeps of a workspace and of the person."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from codelab.cli.opening import run_async
from codelab.cli.reports import Data
from codelab.cli.root import chosen_root
from codelab.cli.terminal import Terminal
from codelab.config.places import Places, find_places
from codelab.core.errors import Denied, InputError
from codelab.core.wording import counted
from codelab.store import audit, sqlite
from codelab.store.audit import AuditKind
from codelab.store.backups import back_up, folder_of, list_backups, made_at
from codelab.store.failures import explain
from codelab.store.migrate import load_migrations
from codelab.store.restoring import begin_anew, lost_head, put_in_place
from codelab.store.state import StateDb
from codelab.store.state_check import UNREADABLE, problems_of
from codelab.workspace.faces import living_faces

_PROBLEMS = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    parser.set_defaults(action="check")
    check = actions.add_parser("check", help="whether everything is what was written (default)")
    backup = actions.add_parser("backup", help="make a backup now; one a day is made by itself")
    backup.add_argument("--list", action="store_true", help="show the backups there are instead")
    restore = actions.add_parser("restore", help="put a backup in place; what was there is kept")
    restore.add_argument("backup", nargs="?", default="", metavar="BACKUP", help="which; default: the newest")
    restore.add_argument("--user", action="store_true", help="of what belongs to you and to no workspace")
    restore.add_argument("--yes", action="store_true", help="do not ask")
    for action in (check, backup, restore):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        action.add_argument("--root", metavar="DIR", default=argparse.SUPPRESS, help="the workspace")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Check, back up or restore."""
    places, root = find_places(), chosen_root(options.root)
    if options.action == "backup":
        return _back_up(places, root, terminal, only_list=options.list)
    if options.action == "restore":
        return run_async(_restore(options, places, root, terminal))
    return _check(places, root, terminal)


def _check(places: Places, root: Path, terminal: Terminal) -> int:
    found = {
        str(places.state_db(root)): problems_of(places.state_db(root), places.audit_head(root)),
        str(places.user_db): problems_of(places.user_db, None, "user_migrations"),
    }
    sound = not any(found.values())
    if terminal.as_json:
        terminal.show_json({"sound": sound, "problems": found})
    else:
        for path, problems in found.items():
            terminal.show(f"{path}: {counted(len(problems), 'problem') if problems else 'sound'}")
            for problem in problems:
                terminal.show(f"  {problem}")
        if any(UNREADABLE not in problem for problems in found.values() for problem in problems):
            terminal.note("`codelab state restore` puts the newest backup in place.")
    return 0 if sound else _PROBLEMS


def _back_up(places: Places, root: Path, terminal: Terminal, *, only_list: bool) -> int:
    databases = [path for path in (places.state_db(root), places.user_db) if path.exists()]
    made = []
    for path in databases:
        try:
            made += list_backups(path) if only_list else [back_up(path, datetime.now(UTC))]
        except (sqlite.Error, OSError) as error:
            raise explain(path, error) from error
    if terminal.as_json:
        terminal.show_json([_backup_data(one) for one in made])
        return 0
    for one in made:
        terminal.show(str(one))
    if not made:
        terminal.note("There are no backups." if only_list else "Nothing is stored yet.")
    return 0


def _backup_data(backup: Path) -> Data:
    made = made_at(backup)
    return {"path": str(backup), "made_at": made.isoformat() if made else "", "bytes": backup.stat().st_size}


async def _restore(options: argparse.Namespace, places: Places, root: Path, terminal: Terminal) -> int:
    path = places.user_db if options.user else places.state_db(root)
    backup = _chosen(path, options.backup)
    question = f"Put {backup.name} in the place of {path}?"
    if not options.yes and not _confirmed(question, terminal):
        raise Denied("Nothing was restored", fix="Answer yes, or give --yes")
    mirror = places.audit_head(root)
    before = lost_head(mirror)
    aside = put_in_place(path, backup, _known(path), lambda: _in_use(places, root, user=options.user))
    if not options.user:
        told = {"backup": backup.name, "kept": aside.name if aside else ""}
        if before is not None:
            told["end_before"] = f"{before.seq} {before.hash}"
        async with await StateDb.open(path) as db, db.write() as tx:
            head = await audit.append(tx, AuditKind.STATE_RESTORED, told)
        begin_anew(mirror, head)
    if terminal.as_json:
        terminal.show_json({"restored": str(backup), "kept": str(aside) if aside else ""})
    else:
        terminal.show(f"Restored {path} from {backup.name}.")
        if aside:
            terminal.show(f"What was there is kept as {aside}.")
    return 0


def _known(path: Path) -> int:
    return len(load_migrations("migrations" if path.stem == "state" else "user_migrations"))


def _chosen(path: Path, name: str) -> Path:
    if name:
        beside = folder_of(path) / name
        backup = beside if beside.exists() else Path(name)
        if not backup.is_file():
            raise InputError(
                f"There is no backup {backup}", fix="`codelab state backup --list` shows those there are"
            )
        return backup
    if found := list_backups(path):
        return found[-1]
    raise InputError(f"There is no backup of {path}", fix="One a day is made while CodeLab is in use")


def _confirmed(question: str, terminal: Terminal) -> bool:
    if not terminal.interactive:
        return False
    terminal.question(f"{question} [y]es / [n]o")
    try:
        return input().strip().casefold() in ("y", "yes")
    except EOFError:
        return False


def _in_use(places: Places, root: Path, *, user: bool) -> str:
    folders = [places.workspace_cache(root) / "faces"]
    if user:
        folders = [folder / "faces" for folder in (places.cache / "workspaces").glob("*")]
    clients = [record.client for folder in folders for record in living_faces(folder)]
    return f"{', '.join(clients)} work{'s' if len(clients) == 1 else ''} with it" if clients else ""
