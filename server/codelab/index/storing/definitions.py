"""Definitions, looked up in the index by their name or by their file."""

import json
from collections.abc import Collection
from sqlite3 import Connection

from codelab.index.parsing.parsed import DefinitionRow
from codelab.index.types import Symbol


def definitions_of(connection: Connection, worktree: int, names: Collection[str]) -> list[Symbol]:
    """Return all definitions of some names, spelt like this."""
    rows = connection.execute(
        "SELECT p.path, d.name, d.qualified, d.kind, d.signature, d.start_line, d.end_line"
        " FROM json_each(?) j CROSS JOIN definition d"
        " ON d.name = j.value COLLATE NOCASE AND d.name = j.value COLLATE BINARY"
        " CROSS JOIN file f INDEXED BY file_of_blob ON f.blob = d.blob AND f.worktree = ?"
        " CROSS JOIN path p ON p.id = f.path ORDER BY d.id, p.path",
        (json.dumps(list(names)), worktree),
    )
    return [Symbol(*row) for row in rows]


def definitions_in(connection: Connection, worktree: int, path: str) -> list[DefinitionRow]:
    """Return the definitions of a file in order."""
    rows = connection.execute(
        "SELECT d.name, d.qualified, d.kind, d.signature, d.start_line, d.end_line FROM path p"
        " CROSS JOIN file f ON f.path = p.id AND f.worktree = ? CROSS JOIN definition d ON d.blob = f.blob"
        " WHERE p.path = ? ORDER BY d.id",
        (worktree, path),
    )
    return rows.fetchall()
