"""The SQLite driver, chosen once, and connections made all in one way.

Everything that needs SQLite imports it from here: the two possible drivers have exception classes of
their own, and a handler for the wrong one catches nothing.
"""

import importlib
import sqlite3 as _standard
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

_OLDEST = (3, 45)
BUSY_SECONDS = 10.0


def _choose() -> ModuleType:
    """Return the interpreter's driver where it loads extensions and is recent, else the one with wheels."""
    if hasattr(_standard.Connection, "enable_load_extension") and _standard.sqlite_version_info >= _OLDEST:
        return _standard
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:  # no wheel for this platform: better old than none
        return _standard


if TYPE_CHECKING:
    driver = _standard
else:
    driver = _choose()

Connection = driver.Connection
Error = driver.Error
DatabaseError = driver.DatabaseError
OperationalError = driver.OperationalError
IntegrityError = driver.IntegrityError


def driver_name() -> str:
    """Return the driver and the version of SQLite in it, such as ``pysqlite3 3.53.0``."""
    module = driver.__name__.partition(".")[0]
    return f"{module} {driver.sqlite_version}"


def can_load_vectors() -> bool:
    """Tell whether the driver can load sqlite-vec."""
    return hasattr(driver.Connection, "enable_load_extension")


def connect(
    path: Path, *, read_only: bool = False, immutable: bool = False, vectors: bool = False
) -> _standard.Connection:
    """Open a database in autocommit mode: transactions begin and end where the caller says so.

    Args:
        path: The file; it is created unless ``read_only``.
        read_only: Open without the right to write.
        immutable: Open to read without any lock, as what nobody writes to.
        vectors: Load sqlite-vec (a few milliseconds).

    Returns:
        A connection that may be used from any one thread at a time and waits up to 10 s for a lock.

    Raises:
        OperationalError: The file cannot be opened.
        DatabaseError: Its schema is damaged.
    """
    mode = "ro&immutable=1" if immutable else "ro" if read_only else "rwc"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = driver.connect(
        uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False
    )
    try:
        _read_schema(connection)
        if vectors:
            _load_vectors(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _read_schema(connection: _standard.Connection) -> None:
    """Meet a damaged schema here: SQLite's message names what stands in it, and the driver wants text."""
    try:
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 0")
    except UnicodeDecodeError as error:
        raise DatabaseError("database disk image is malformed: its schema is no text") from error
    except Error:
        return  # the caller's first statement meets it again, where it is handled


def _load_vectors(connection: _standard.Connection) -> None:
    import sqlite_vec

    connection.enable_load_extension(True)
    try:
        sqlite_vec.load(connection)
    finally:
        connection.enable_load_extension(False)
