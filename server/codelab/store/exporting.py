"""A database written out to be read without CodeLab: JSON Lines, and the files that are kept in it."""

import base64
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from codelab.core.errors import StateError
from codelab.core.redaction import redact_data
from codelab.store import sqlite
from codelab.store.failures import explain

_BLOBS = "blobs"


def export_database(path: Path, folder: Path) -> dict[str, int]:
    """Write every table of a database into a folder, as it was at one moment.

    Args:
        path: The database; it may be in use.
        folder: Gets ``TABLE.jsonl`` for each table, a row a line without the known secrets, and of the kept
            copies of files ``files/SHA256``, byte for byte.

    Returns:
        How many rows or files each table had.

    Raises:
        StateError: The database is damaged, or a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with closing(sqlite.connect(path, read_only=True)) as db:
            db.execute("BEGIN")
            return {
                table: _export_files(db, folder / "files")
                if table == _BLOBS
                else _export_rows(db, table, folder)
                for table in tables_of(db)
            }
    except (sqlite.Error, OSError) as error:
        raise explain(path, error) from error


def tables_of(db: sqlite3.Connection) -> list[str]:
    """Return the names of the tables of a database, but for those of SQLite itself."""
    found = db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
    )
    return [str(name) for (name,) in found]


def _export_rows(db: sqlite3.Connection, table: str, folder: Path) -> int:
    cursor = db.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the database's own name
    names = [column[0] for column in cursor.description]
    count = 0
    with (folder / f"{table}.jsonl").open("x", encoding="utf-8") as stream:
        for row in cursor:
            values = redact_data({name: _plain(value) for name, value in zip(names, row, strict=True)})
            stream.write(json.dumps(values, ensure_ascii=False) + "\n")
            count += 1
    return count


def _plain(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _export_files(db: sqlite3.Connection, folder: Path) -> int:
    folder.mkdir(exist_ok=True, mode=0o700)
    count = 0
    for name, packed in db.execute("SELECT hash, content FROM blobs"):
        try:
            content = zlib.decompress(packed)
        except zlib.error:
            content = b""
        if hashlib.sha256(content).hexdigest() != name:
            raise StateError(
                f"The stored copy {name[:12]} is damaged",
                why="Its checksum is wrong",
                fix="`codelab state check` says what else is damaged; restore a backup, then export",
            )
        (folder / name).write_bytes(content)
        count += 1
    return count


def hashes_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield path, size and SHA-256 of every file in a folder, in order."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            yield {
                "path": path.relative_to(folder).as_posix(),
                "bytes": path.stat().st_size,
                "sha256": digest,
            }
