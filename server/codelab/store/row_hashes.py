"""Hashes of rows: a bit that flips in a database passes SQLite's own check more often than not.

Triggers of the writing connection keep the hash in step, whatever statement writes a row, and refuse to
change a row whose hash is wrong, which would make the damage look sound. Empty values take no part, so that a
column that is added later, empty in the rows that there are, changes no hash.
"""

import hashlib
import sqlite3
from collections.abc import Mapping
from typing import Any

from codelab.core.errors import StateError

CHECKED = frozenset({"messages", "approvals", "checkpoints", "standing_rules"})
_OWN = ("n", "hash")
DAMAGED = "a stored row is damaged"


def row_hash(values: Mapping[str, Any]) -> str:
    """Return the hash of a row.

    Args:
        values: The values by column, without ``n`` and ``hash``.

    Returns:
        SHA-256 (hex) of the names and values that are not empty, by name.
    """
    digest = hashlib.sha256()
    for name in sorted(name for name, value in values.items() if value):
        value = values[name]
        text = (value if isinstance(value, str) else repr(value)).encode("utf-8", "surrogatepass")
        digest.update(f"{name}:{type(value).__name__}:{len(text)}:".encode())
        digest.update(text)
    return digest.hexdigest()


def check_row(table: str, values: Mapping[str, Any], stored: str) -> None:
    """Compare a row that was read with its hash.

    Raises:
        StateError: It is not what was written.
    """
    if row_hash(values) != stored:
        raise damaged(f"the checksum of a row of {table} is wrong")


def damaged(why: str) -> StateError:
    """Return the error for a row that is not what was written."""
    return StateError(
        "Something that CodeLab stored is damaged",
        why=why,
        fix="`codelab state check` says what, `codelab state restore` puts a backup in place",
    )


def add_function(connection: sqlite3.Connection) -> None:
    """Let the SQL of a connection use ``row_hash(name, value, ...)``."""

    def of_pairs(*pairs: Any) -> str:
        # Text comes as a blob: the driver cuts a text off at its first NUL.
        values = (
            one.decode("utf-8", "surrogatepass") if isinstance(one, bytes) else one for one in pairs[1::2]
        )
        return row_hash(dict(zip(pairs[::2], values, strict=True)))

    connection.create_function("row_hash", -1, of_pairs, deterministic=True)


def keep_hashes(connection: sqlite3.Connection) -> None:
    """Make a connection keep the hashes of the rows that it writes."""
    add_function(connection)
    for table in sorted(CHECKED):
        columns = columns_of(connection, table)
        if not columns:
            continue  # a database of another kind
        new, old = (_pairs(connection, table, side) for side in ("new", "old"))
        keep = f"UPDATE {table} SET hash = row_hash({new}) WHERE rowid = new.rowid;"  # noqa: S608 - names of ours
        names = ", ".join(columns)
        connection.execute(f"CREATE TEMP TRIGGER {table}_added AFTER INSERT ON main.{table} BEGIN {keep} END")
        connection.execute(
            f"CREATE TEMP TRIGGER {table}_changed AFTER UPDATE OF {names} ON main.{table} BEGIN {keep} END"
        )
        connection.execute(
            f"CREATE TEMP TRIGGER {table}_sound BEFORE UPDATE OF {names} ON main.{table}"
            f" WHEN old.hash <> row_hash({old}) BEGIN SELECT raise(ABORT, '{DAMAGED}: {table}'); END"
        )


def _pairs(connection: sqlite3.Connection, table: str, side: str) -> str:
    """Return the arguments of ``row_hash`` in a trigger."""
    text = {str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})") if row[2] == "TEXT"}
    return ", ".join(
        f"'{name}', CAST({side}.{name} AS BLOB)" if name in text else f"'{name}', {side}.{name}"
        for name in columns_of(connection, table)
    )


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    """Return the columns of a table whose rows carry a hash; none where it has no hashes."""
    found = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]
    return [name for name in found if name not in _OWN] if "hash" in found else []
