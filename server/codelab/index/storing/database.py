"""The file ``index.db``: a cache, made again whenever anything about it is in doubt."""

import os
from importlib.resources import files
from pathlib import Path
from sqlite3 import Connection

from filelock import FileLock

from codelab.core.errors import StateError
from codelab.index.storing.recipe import recipe
from codelab.store import sqlite

SCHEMA_VERSION = 2
"""Of the table ``made_by``; ``codelab.index.storing.recipe`` marks all other tables and what is in them."""


def database_path(folder: Path) -> Path:
    """Return the index's file in the repository's folder of the cache."""
    return folder / "index.db"


def damage_mark(folder: Path) -> Path:
    """Return the file by which a reader, which cannot write the index, tells that it is damaged."""
    return folder / "index.damaged"


def make_private(folder: Path) -> None:
    """Make a repository's folder in the cache, which nobody but the person may look into.

    Raises:
        OSError: It cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def open_for_writing(folder: Path) -> Connection:
    """Open the index, made afresh where it is missing, damaged, or of another recipe.

    Args:
        folder: The repository's folder in the cache; it is created.

    Raises:
        StateError: The folder or the file cannot be written.
    """
    path = database_path(folder)
    try:
        make_private(folder)
        with FileLock(folder / "rebuild.lock", timeout=60):
            return _open(folder, path)
    except (OSError, sqlite.Error) as error:
        raise cannot_write(folder, error) from error


def open_for_reading(folder: Path) -> Connection:
    """Open an index that is there, without the right to write it.

    In a folder that cannot be written there is no place for what readers of a database with a log share.
    There it is read as what nobody writes to, unless a log was left behind.

    Raises:
        sqlite.Error: It cannot be read.
    """
    path = database_path(folder)
    vectors = sqlite.can_load_vectors()
    connection = sqlite.connect(path, read_only=True, vectors=vectors)
    try:
        connection.execute(
            "PRAGMA cache_size=-16384"
        )  # a search of a large index reads more than the usual 2 MB
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite.OperationalError:
        connection.close()
        if os.access(folder, os.W_OK) or Path(f"{path}-wal").exists():
            raise
        return sqlite.connect(path, immutable=True, vectors=vectors)
    except sqlite.Error:
        connection.close()
        raise
    return connection


def _open(folder: Path, path: Path) -> Connection:
    if damage_mark(folder).exists():
        remove(folder)
    if path.exists():
        try:
            connection = open_beside(folder)
            connection.execute("PRAGMA cache_size=-32768")
            if is_sound(connection):
                return connection
            connection.close()
        except sqlite.DatabaseError as error:
            if not is_damage(error):
                raise
    remove(folder)
    connection = open_beside(folder)
    connection.execute("PRAGMA cache_size=-32768")
    connection.executescript(f"BEGIN; {_schema()} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
    connection.execute("INSERT INTO made_by VALUES (?)", (recipe(),))
    return connection


def _schema() -> str:
    parts = sorted(files("codelab.index.storing").joinpath("schema").iterdir(), key=lambda part: part.name)
    return "\n".join(part.read_text(encoding="utf-8") for part in parts if part.name.endswith(".sql"))


def open_beside(folder: Path) -> Connection:
    """Open the index for writing as it is; for who adds to it beside the one that keeps it up to date.

    Raises:
        sqlite.Error: It cannot be opened.
    """
    connection = sqlite.connect(database_path(folder))
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        # These two a connection does not find in the file. A crash of the machine may lose the last
        # transactions of a cache, never its soundness.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint=4000")
    except BaseException:
        connection.close()
        raise
    return connection


def is_sound(connection: Connection) -> bool:
    """Tell whether an open index is of this schema and recipe, and whole.

    Raises:
        sqlite.Error: It cannot even be asked.
    """
    if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
        return False
    if connection.execute("SELECT recipe FROM made_by").fetchone() != (recipe(),):
        return False
    return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")


_DAMAGED = ("no such", "malformed", "vtable constructor failed", "Could not decode", "fts5 file format")


def is_damage(error: BaseException) -> bool:
    """Tell whether an exception means that the file is not the index it should be.

    A missing table or column counts; a full disk, a lock or missing permission does not.
    """
    if not isinstance(error, sqlite.DatabaseError):
        return False
    if isinstance(error, sqlite.OperationalError):
        return any(text in str(error) for text in _DAMAGED)
    return not isinstance(error, sqlite.IntegrityError) or "constraint" not in str(error)


def remove(folder: Path) -> None:
    """Delete the index's files; the next opening makes them afresh."""
    path = database_path(folder)
    # The log goes first: beside a new database it would be taken for its own.
    for name in (f"{path}-wal", f"{path}-shm", f"{path}", damage_mark(folder)):
        Path(name).unlink(missing_ok=True)


def identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells one file of the index from the one made after it; None if there is none."""
    try:
        status = os.stat(database_path(folder))
    except OSError:
        return None
    return status.st_dev, status.st_ino


def cannot_write(folder: Path, error: BaseException) -> StateError:
    """Say in words why the index cannot be written."""
    text = str(error)
    if "full" in text or "No space left" in text:
        return StateError(
            "The index cannot be saved",
            why=f"The disk of {folder} is full",
            fix="Free some space; it goes on then",
        )
    if "locked" in text or "busy" in text:
        return StateError(
            "The index cannot be saved", why=f"Another program holds {folder}", fix="Close it, or try again"
        )
    return StateError(
        f"The index folder {folder} cannot be used",
        why=text,
        fix="Make it writable, or set CODELAB_HOME to a folder that is",
    )
