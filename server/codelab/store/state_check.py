"""Whether a workspace's database is what was written, as far as that can be known."""

import hashlib
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

from codelab.core.errors import StateError
from codelab.store import row_hashes, sqlite
from codelab.store.audit_chain import AuditRow, check
from codelab.store.audit_mirror import read_head
from codelab.store.migrate import load_migrations

_MOST_TOLD = 20
UNREADABLE = "It cannot be opened"
"""How a problem begins that says nothing about the database itself."""


def problems_of(path: Path, mirror: Path | None, folder: str = "migrations") -> list[str]:
    """Return what is wrong with a database, each in a sentence; nothing is changed.

    Args:
        path: The database.
        mirror: The second file of its audit log, if it has one.
        folder: Its migrations, as for ``load_migrations``.
    """
    if not path.exists():
        return []
    try:
        with closing(sqlite.connect(path, read_only=True)) as db:
            db.text_factory = lambda data: data.decode("utf-8", "backslashreplace")  # damage is no UTF-8
            return [
                *_version(db, len(load_migrations(folder))),
                *_structure(db),
                *_rows(db),
                *_contents(db),
                *_audit(db, mirror),
            ]
    except (sqlite.Error, UnicodeError) as error:  # SQLite's messages name what is damaged
        if "unable to open" in str(error):
            return [f"{UNREADABLE}: the file or its folder may not be written, which reading needs too"]
        return [f"It cannot be read: {error}"]


def _version(db: sqlite3.Connection, known: int) -> list[str]:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return (
        []
        if version <= known
        else [f"It was written by a newer CodeLab (version {version}, known are {known})"]
    )


def _structure(db: sqlite3.Connection) -> list[str]:
    told = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({_MOST_TOLD})")]
    orphans = db.execute("PRAGMA foreign_key_check").fetchall()
    return [
        *(f"SQLite says: {line}" for line in told if line != "ok"),
        *(f"A row of {row[0]} belongs to nothing" for row in orphans[:_MOST_TOLD]),
    ]


def _rows(db: sqlite3.Connection) -> list[str]:
    found = []
    for table in sorted(row_hashes.CHECKED):
        columns = row_hashes.columns_of(db, table)
        if not columns:
            continue
        for n, stored, *values in db.execute(f"SELECT n, hash, {', '.join(columns)} FROM {table}"):  # noqa: S608 - names of ours
            if row_hashes.row_hash(dict(zip(columns, values, strict=True))) != stored:
                found.append(f"Row {n} of {table} is not what was written")
    return found[:_MOST_TOLD]


def _contents(db: sqlite3.Connection) -> list[str]:
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'blobs'").fetchone():
        return []
    found = []
    for name, packed in db.execute("SELECT hash, content FROM blobs"):
        try:
            sound = hashlib.sha256(zlib.decompress(packed)).hexdigest() == name
        except zlib.error:
            sound = False
        if not sound:
            found.append(f"The stored copy {name[:12]} is not what was written")
    return found[:_MOST_TOLD]


def _audit(db: sqlite3.Connection, mirror: Path | None) -> list[str]:
    if mirror is None or not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'audit'").fetchone():
        return []
    columns = ", ".join(AuditRow.__dataclass_fields__)
    rows = (AuditRow(*row) for row in db.execute(f"SELECT {columns} FROM audit ORDER BY seq"))  # noqa: S608 - names of ours
    try:
        verdict = check(rows, read_head(mirror))
    except StateError as error:
        return [str(error)]
    return [] if verdict.whole else [f"The audit log is broken: {verdict.why}"]
