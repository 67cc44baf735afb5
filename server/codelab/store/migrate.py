"""Bringing a database up to date: numbered SQL files, each applied in one transaction, after a backup.

A file that was released is never changed: what comes later is a new file.
"""

import hashlib
import os
import re
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from filelock import FileLock

from codelab.core.errors import NewerDatabase, StateError
from codelab.store import row_hashes, sqlite
from codelab.store.backups import back_up

_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number from 1, its name and its SQL."""

    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """SHA-256 of the SQL, by which a test pins it once released."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def load_migrations(folder: str) -> tuple[Migration, ...]:
    """Return the migrations of a folder of ``codelab.store`` in order.

    Args:
        folder: ``migrations`` for ``state.db``, ``user_migrations`` for ``user.db``.

    Raises:
        StateError: A number is missing or given twice.
    """
    found = []
    for entry in resources.files("codelab.store").joinpath(folder).iterdir():
        if match := _NAME.fullmatch(entry.name):
            sql = entry.read_bytes().decode().replace("\r\n", "\n")
            found.append(Migration(int(match[1]), match[2], sql))
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise StateError("CodeLab's migrations are incomplete", fix="Install CodeLab again")
    return tuple(found)


def migrate(path: Path, migrations: tuple[Migration, ...]) -> list[Path]:
    """Create a database or bring it up to date.

    Args:
        path: The database.
        migrations: All known steps.

    Returns:
        The backups made, oldest first.

    Raises:
        NewerDatabase: It was written by a newer CodeLab; nothing was touched.
        sqlite.Error: The driver's failure; what was applied before stays, the failed step is undone.
    """
    if path.exists():
        _refuse_newer(path, len(migrations))
    else:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its journals the same mode
    # Switching to WAL does not wait for a lock as other statements do, so processes take turns here, and with
    # whoever puts a backup in the place of the file.
    with (
        FileLock(f"{path}.lock", timeout=sqlite.BUSY_SECONDS, mode=0o600),
        closing(sqlite.connect(path)) as db,
    ):
        if _version(db) == len(migrations) and _journal(db) == "wal":
            return []
        row_hashes.add_function(db)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        new = _version(db) == 0
        made = [_apply(db, path, step, len(migrations), new=new) for step in migrations]
    return [backup for backup in made if backup is not None]


def _refuse_newer(path: Path, known: int) -> None:
    with closing(sqlite.connect(path, read_only=True)) as db:
        _check_version(path, _version(db), known)


def _check_version(path: Path, version: int, known: int) -> None:
    if version > known:
        raise NewerDatabase(
            f"{path} was written by a newer CodeLab",
            why=f"It has version {version} of the format, and this CodeLab knows {known}",
            fix="Update CodeLab; nothing was changed",
        )


def _version(db: sqlite.Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def _journal(db: sqlite.Connection) -> str:
    (mode,) = db.execute("PRAGMA journal_mode").fetchone()
    return str(mode)


def _apply(db: sqlite.Connection, path: Path, step: Migration, known: int, *, new: bool) -> Path | None:
    db.execute("BEGIN IMMEDIATE")
    try:
        version = _version(db)
        _check_version(path, version, known)
        if version >= step.number:
            db.execute("ROLLBACK")
            return None
        backup = None if new else _back_up(path, version)
        for statement in _statements(step.sql):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {step.number:d}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return backup


def _back_up(path: Path, version: int) -> Path:
    """Copy the database through another connection while the migration's transaction keeps writers out."""
    return back_up(path, datetime.now(UTC), f"v{version:04d}")


def _statements(sql: str) -> list[str]:
    statements, current = [], ""
    for line in sql.splitlines(keepends=True):
        current += line
        if sqlite.driver.complete_statement(current):
            statements.append(current)
            current = ""
    if current.strip():
        raise StateError(
            "A migration of CodeLab is cut off", why=current.strip(), fix="Install CodeLab again"
        )
    return statements
