"""What a driver's exception means, in words, and keeping a copy of what is damaged."""

import hashlib
import shutil
from pathlib import Path

from codelab.core.errors import StateError
from codelab.store import sqlite
from codelab.store.backups import list_backups

_DAMAGED = ("malformed", "not a database", "file is encrypted")


def is_damage(error: BaseException) -> bool:
    """Tell whether an exception of the driver says that the file itself is damaged."""
    return isinstance(error, sqlite.DatabaseError) and any(word in str(error) for word in _DAMAGED)


def explain(path: Path, error: sqlite.Error | OSError) -> StateError:
    """Return what an exception of the driver or the file system means for a person.

    Of a damaged database a copy is kept first.

    Args:
        path: The database.
        error: What was raised.

    Returns:
        The error to raise instead.
    """
    text = str(error)
    if is_damage(error):
        return _damaged(path, text)
    if "full" in text or "No space left" in text:
        return StateError(
            f"CodeLab could not save to {path}", why="The disk is full", fix="Free some space and try again"
        )
    if (
        "readonly" in text
        or "read-only" in text.lower()
        or "Permission denied" in text
        or "unable to open" in text
    ):
        return StateError(
            f"CodeLab cannot use {path}",
            why=f"The file or its folder cannot be written ({text})",
            fix="Make the folder writable, or set CODELAB_HOME to a folder that is",
        )
    if "locked" in text or "busy" in text or isinstance(error, TimeoutError):
        return StateError(
            f"{path} stayed locked for {sqlite.BUSY_SECONDS:.0f} seconds",
            why="Another program holds it",
            fix="Close the other program or try again",
        )
    return StateError(
        f"CodeLab could not read or write {path}", why=text, fix="Check the disk; nothing half done was kept"
    )


def _damaged(path: Path, text: str) -> StateError:
    copy = keep_copy(path)
    kept = (
        f"A copy was kept as {copy}" if copy else "No copy could be made: copy the file before anything else"
    )
    restore = "restore it from a backup of yours"
    if backups := list_backups(path):
        command = "`codelab state restore`" if path.stem == "state" else "`codelab state restore --user`"
        restore = f"{command} puts {backups[-1].name} in its place"
    return StateError(
        f"{path} is damaged",
        why=f"{text}. {kept}",
        fix=f"Close CodeLab everywhere, then {restore}, or move it away to start afresh",
    )


def keep_copy(path: Path) -> Path | None:
    """Copy a damaged database with its journal, once per content.

    Args:
        path: The database; it stays where it is.

    Returns:
        The copy, or None if it could not be made.
    """
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()[:12]
        copy = path.with_name(f"{path.stem}.damaged-{digest}{path.suffix}")
        if not copy.exists():
            shutil.copy2(path, copy)
            wal = Path(f"{path}-wal")
            if wal.exists():
                shutil.copy2(wal, Path(f"{copy}-wal"))
    except OSError:
        return None
    return copy
