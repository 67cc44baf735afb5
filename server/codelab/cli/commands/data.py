"""``codelab data``: take what is stored with you, or delete it."""

import argparse
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from codelab import __version__
from codelab.cli.opening import run_async
from codelab.cli.root import chosen_root
from codelab.cli.terminal import Terminal
from codelab.config.places import Places, find_places
from codelab.core.errors import Denied, InputError
from codelab.core.redaction import redact
from codelab.core.wording import cause_of, counted
from codelab.index.files.repository import find_repository, index_folder
from codelab.store import audit
from codelab.store.audit import AuditKind
from codelab.store.deleting import count_rows, delete_all_rows, delete_from_state
from codelab.store.exporting import export_database, hashes_of
from codelab.store.state import StateDb
from codelab.workspace.faces import living_faces

_README = """\
What CodeLab stored, written out on {made_at}.

manifest.json               every file with its size and SHA-256
workspaces/NAME/*.jsonl     a table each, one row a line, as JSON: sessions, runs, messages and so on
workspaces/NAME/files/      copies of your files from before and after changes, named by their SHA-256;
                            checkpoints.jsonl says which is which
user/, models/              what belongs to you and to no workspace; what models were asked and cost
config/                     your settings

Times are seconds since 1970 (UTC); in audit.jsonl microseconds. Known secrets are left out of all but your
files.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    export = actions.add_parser("export", help="write everything into a new folder")
    export.add_argument("folder", metavar="DIR", help="a folder that is empty or not there")
    export.add_argument("--all", action="store_true", help="of every workspace, not only of this one")
    delete = actions.add_parser("delete", help="delete it for good, with its backups; says what, and asks")
    what = delete.add_mutually_exclusive_group(required=True)
    what.add_argument("--session", metavar="ID", default="", help="one conversation")
    what.add_argument("--workspace", action="store_true", help="everything about this workspace")
    what.add_argument("--all", action="store_true", help="everything about every workspace, and about you")
    delete.add_argument("--yes", action="store_true", help="do not ask")
    for action in (export, delete):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        action.add_argument("--root", metavar="DIR", default=argparse.SUPPRESS, help="the workspace")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Export or delete."""
    work = _export if options.action == "export" else _delete
    return run_async(work(options, find_places(), terminal))


async def _export(options: argparse.Namespace, places: Places, terminal: Terminal) -> int:
    folder = _empty_folder(options.folder)
    for data in _workspaces(options, places):
        head = places.data / "audit" / f"{data.name}.json"
        async with await StateDb.open(data / "state.db", head) as db, db.write() as tx:
            await audit.append(tx, AuditKind.DATA_EXPORTED, {"folder": str(folder)})
        export_database(data / "state.db", folder / "workspaces" / data.name)
    for path, name in ((places.user_db, "user"), (places.data / "models.db", "models")):
        if path.exists():
            export_database(path, folder / name)
    count = _complete(folder, places)
    if terminal.as_json:
        terminal.show_json({"folder": str(folder), "files": count})
    else:
        terminal.show(f"Wrote {counted(count, 'file')} to {folder}; README.txt says what is in them.")
    return 0


def _empty_folder(name: str) -> Path:
    folder = Path(name).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.iterdir()):
            raise InputError(f"{folder} is not empty", fix="Name a new folder")
    except OSError as error:
        raise InputError(
            f"{folder} cannot be used", why=cause_of(error), fix="Name another folder"
        ) from error
    return folder


def _complete(folder: Path, places: Places) -> int:
    """Write the settings, what is what, and every file with its hash; return how many files there are."""
    if places.user_config.exists():
        (folder / "config").mkdir(mode=0o700)
        text = redact(places.user_config.read_text("utf-8", "replace"))
        (folder / "config" / "config.toml").write_text(text, "utf-8")
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    (folder / "README.txt").write_text(_README.format(made_at=made_at), "utf-8")
    files = list(hashes_of(folder))
    manifest = {"codelab": __version__, "made_at": made_at, "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2), "utf-8")
    return len(files)


def _workspaces(options: argparse.Namespace, places: Places) -> list[Path]:
    """Return the data folders of the chosen workspaces that have a database."""
    if options.all:
        chosen = sorted((places.data / "workspaces").glob("*"))
    else:
        chosen = [places.workspace_data(chosen_root(options.root))]
    return [folder for folder in chosen if (folder / "state.db").exists()]


async def _delete(options: argparse.Namespace, places: Places, terminal: Terminal) -> int:
    workspaces = _workspaces(options, places)
    _refuse_in_use(places, workspaces)
    counts: dict[str, int] = {}
    for folder in workspaces:
        for name, count in (await count_rows(folder / "state.db", options.session)).items():
            counts[name] = counts.get(name, 0) + count
    what = ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "nothing of any workspace"
    more = " Everything about you goes too: trust, usage, caches." if options.all else ""
    told = (
        f"This deletes {what} for good, with all backups of {counted(len(workspaces), 'workspace')}.{more}"
        " Your files and settings stay, and what was done cannot be undone by CodeLab any more."
    )
    if not options.yes and not _confirmed(told, terminal):
        raise Denied("Nothing was deleted", why=told, fix="Answer yes, or give --yes")
    for folder in workspaces:
        head = places.data / "audit" / f"{folder.name}.json"
        runs = await delete_from_state(folder / "state.db", head, options.session)
        _forget_cache(places.cache / "workspaces" / folder.name, runs if options.session else None)
    if options.workspace:
        shutil.rmtree(index_folder(places, find_repository(chosen_root(options.root))), ignore_errors=True)
    if options.all:
        _delete_persons_own(places)
    if terminal.as_json:
        terminal.show_json({"deleted": counts})
    else:
        terminal.show(f"Deleted {what}.")
    return 0


def _refuse_in_use(places: Places, workspaces: list[Path]) -> None:
    clients = [
        face.client
        for folder in workspaces
        for face in living_faces(places.cache / "workspaces" / folder.name / "faces")
    ]
    if clients:
        raise InputError(
            "Nothing was deleted",
            why=f"{', '.join(clients)} is at work with it",
            fix="Close it, then try again",
        )


def _confirmed(told: str, terminal: Terminal) -> bool:
    if not terminal.interactive:
        return False
    terminal.note(told)
    terminal.question("Delete? [y]es / [n]o")
    try:
        return input().strip().casefold() in ("y", "yes")
    except EOFError:
        return False


def _forget_cache(folder: Path, runs: list[str] | None) -> None:
    """Remove what the cache holds of a workspace: all, or the answers of some runs."""
    if runs is None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for run in runs:
        for document in folder.glob(f"documents/*{run}*"):
            document.unlink(missing_ok=True)


def _delete_persons_own(places: Places) -> None:
    for path in (places.user_db, places.data / "models.db"):
        delete_all_rows(path)
    if not places.cache.exists():
        return
    for entry in os.scandir(places.cache):
        if Path(entry.path) == places.models:
            continue  # files of models, which are not about anybody
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)
