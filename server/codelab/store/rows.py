"""Frozen dataclasses as rows: the field names are the column names."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import aiosqlite

from codelab.core.redaction import redact
from codelab.store.row_hashes import CHECKED, check_row

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def storable(value: Any) -> Any:
    """Return a value as it may be stored.

    A text is without the known secrets, and without lone surrogates, which a client or a model may send and
    SQLite cannot hold.
    """
    if not isinstance(value, str):
        return value
    text = redact(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def columns(kind: "type[DataclassInstance]") -> str:
    """Return the column list of a row class, for a SELECT."""
    return ", ".join(field.name for field in fields(kind))


async def insert(db: aiosqlite.Connection, table: str, row: "DataclassInstance") -> None:
    """Insert a row.

    Args:
        db: A connection inside a transaction.
        table: Its table.
        row: The values; each field is a column.
    """
    names = [field.name for field in fields(row)]
    marks = ", ".join("?" * len(names))
    await db.execute(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - names are ours
        [storable(getattr(row, name)) for name in names],
    )


async def select(
    db: aiosqlite.Connection, kind: "type[DataclassInstance]", tail: str, parameters: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    """Return the values of a row class, in the order of its fields.

    Args:
        db: Any connection.
        kind: The row class.
        tail: What follows the column list: ``FROM runs WHERE id = ?``.
        parameters: The values for its marks.

    Raises:
        StateError: A row of a table whose rows carry hashes is not what was written.
    """
    table = tail.split(maxsplit=2)[1]
    if table not in CHECKED:
        rows: Iterable[Any] = await db.execute_fetchall(f"SELECT {columns(kind)} {tail}", parameters)
        return [tuple(row) for row in rows]
    names = [field.name for field in fields(kind)]
    found = []
    for *values, stored in await db.execute_fetchall(f"SELECT {columns(kind)}, hash {tail}", parameters):
        check_row(table, dict(zip(names, values, strict=True)), stored)
        found.append(tuple(values))
    return found


async def change(db: aiosqlite.Connection, sql: str, parameters: Sequence[Any]) -> int:
    """Run an INSERT, UPDATE or DELETE and return how many rows it touched."""
    async with db.execute(sql, parameters) as cursor:
        return cursor.rowcount


async def update(
    db: aiosqlite.Connection, kind: "type[DataclassInstance]", table: str, key: str, values: dict[str, Any]
) -> int:
    """Set columns of the row with an id and return how many rows there were (0 or 1).

    Raises:
        TypeError: A name is not a column of the row class, or is its id.
    """
    allowed = {field.name for field in fields(kind)} - {"id"}
    if unknown := values.keys() - allowed:
        raise TypeError(f"{table} has no column {', '.join(sorted(unknown))} to update")
    if not values:
        return 1
    settings = ", ".join(f"{name} = ?" for name in values)
    return await change(
        db,
        f"UPDATE {table} SET {settings} WHERE id = ?",  # noqa: S608 - names are checked above
        [*map(storable, values.values()), key],
    )
