"""Deleting what is stored so that it is gone: from the file, its journal, its backups and its copies."""

from contextlib import closing
from pathlib import Path

from codelab.core.errors import NotFound
from codelab.store import audit, rows, sqlite
from codelab.store.audit import AuditKind
from codelab.store.backups import folder_of
from codelab.store.connection import Connection
from codelab.store.exporting import tables_of
from codelab.store.failures import explain
from codelab.store.state import StateDb

_AUDIT = "audit"


async def count_rows(path: Path, session: str = "") -> dict[str, int]:
    """Return how many sessions, runs, messages, approvals and changes would be deleted.

    Args:
        path: The database of a workspace.
        session: The session; all if empty.

    Raises:
        NotFound: There is no such session.
    """
    async with await StateDb.open(path) as db, db.read() as rx:
        found = {
            "sessions": await _count(rx, "SELECT count(*) FROM sessions WHERE ?1 = '' OR id = ?1", session)
        }
        if session and not found["sessions"]:
            raise NotFound(f"There is no session {session}", fix="`codelab data export` shows them all")
        of_session = "SELECT id FROM runs WHERE ?1 = '' OR session = ?1"
        found["runs"] = await _count(rx, f"SELECT count(*) FROM ({of_session})", session)  # noqa: S608 - queries of ours
        for table in ("messages", "approvals", "checkpoints"):
            query = f"SELECT count(*) FROM {table} WHERE run IN ({of_session})"  # noqa: S608 - queries of ours
            found[table] = await _count(rx, query, session)
        return found


async def _count(rx: Connection, query: str, session: str) -> int:
    ((count,),) = await rx.execute_fetchall(query, (session,))
    return int(count)


async def delete_from_state(path: Path, mirror: Path, session: str = "") -> list[str]:
    """Delete a session, or everything but the chain of the audit log, which tells that it was deleted.

    Nobody else may have the database open.

    Args:
        path: The database of a workspace.
        mirror: The second file of its audit log.
        session: The session; everything if empty.

    Returns:
        The ids of the deleted runs.

    Raises:
        StateError: The database cannot be used.
    """
    async with await StateDb.open(path, mirror) as db, db.write() as tx:
        await tx.execute("PRAGMA secure_delete = ON")
        query = "SELECT id FROM runs WHERE ?1 = '' OR session = ?1"
        runs = [str(run) for (run,) in await tx.execute_fetchall(query, (session,))]
        counts = {
            "sessions": await rows.change(tx, "DELETE FROM sessions WHERE ?1 = '' OR id = ?1", (session,))
        }
        if session:
            await tx.execute(
                "DELETE FROM blobs WHERE hash NOT IN (SELECT before_blob FROM checkpoints WHERE before_blob"
                " IS NOT NULL UNION SELECT after_blob FROM checkpoints WHERE after_blob IS NOT NULL)"
            )
        else:
            await _delete_the_rest(tx)
        await audit.erase(tx, session)
        told = {"session": session, "runs": len(runs), **counts}
        await audit.append(tx, AuditKind.DATA_DELETED, told)
    _leave_nothing(path)
    return runs


async def _delete_the_rest(tx: Connection) -> None:
    found = await tx.execute_fetchall(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> ?",
        (_AUDIT,),
    )
    for (table,) in found:
        await tx.execute(f'DELETE FROM "{table}"')  # noqa: S608 - the database's own name


def delete_all_rows(path: Path) -> None:
    """Delete every row of a database that has no audit log, such as the person's own.

    Raises:
        StateError: It cannot be used.
    """
    if not path.exists():
        return
    try:
        with closing(sqlite.connect(path)) as db:
            db.execute("PRAGMA secure_delete = ON")
            db.execute("BEGIN IMMEDIATE")
            for table in tables_of(db):
                db.execute(f'DELETE FROM "{table}"')  # noqa: S608 - the database's own name
            db.execute("COMMIT")
    except sqlite.Error as error:
        raise explain(path, error) from error
    _leave_nothing(path)


def _leave_nothing(path: Path) -> None:
    """Write the file anew without what was deleted, empty its journal, and remove its backups and copies."""
    try:
        with closing(sqlite.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for folder, pattern in (
            (folder_of(path), f"{path.stem}-*.db*"),
            (path.parent, f"{path.stem}.replaced-*"),
            (path.parent, f"{path.stem}.damaged-*"),
        ):
            for copy in folder.glob(pattern):
                copy.unlink(missing_ok=True)
    except (sqlite.Error, OSError) as error:
        raise explain(path, error) from error
