"""Putting a backup in the place of a database, and keeping what was there."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from codelab.core.errors import InputError, StateError
from codelab.core.wording import cause_of
from codelab.store import audit_mirror, sqlite
from codelab.store.audit_chain import Head

_SIDES = ("", "-wal", "-shm")


def put_in_place(path: Path, backup: Path, known: int, in_use: Callable[[], str]) -> Path | None:
    """Replace a database by a backup; no process can open the database meanwhile.

    Args:
        path: The database; it may be missing or damaged.
        backup: The backup.
        known: The number of migrations that this CodeLab knows.
        in_use: Says who uses the database, or returns an empty string; asked once nobody new can open it.

    Returns:
        What was there, under another name, or None if there was nothing.

    Raises:
        InputError: There is no such backup, or the database is in use.
        StateError: The backup is damaged or of a newer CodeLab, or the disk fails; nothing was changed.
    """
    _require_sound(backup, known)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f"{path.name}.restoring")
    try:
        with FileLock(f"{path}.lock", timeout=sqlite.BUSY_SECONDS, mode=0o600):
            if who := in_use():
                raise InputError(f"{path} is in use", why=who, fix="Close it there, then try again")
            shutil.copyfile(backup, temporary)
            os.chmod(temporary, 0o600)
            with temporary.open("rb+") as stream:
                os.fsync(stream.fileno())
            aside = _move_aside(path)
            os.replace(temporary, path)
    except Timeout as error:
        raise InputError(f"{path} is in use", fix="Close CodeLab everywhere, then try again") from error
    except OSError as error:
        fix = "See that there is room on the disk and that the folder can be written, then try again"
        raise StateError(f"{path} could not be restored", why=cause_of(error), fix=fix) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return aside


def _require_sound(backup: Path, known: int) -> None:
    if not backup.is_file():
        raise InputError(
            f"There is no backup {backup}", fix="`codelab state backup --list` shows those there are"
        )
    try:
        with closing(sqlite.connect(backup, immutable=True)) as db:
            (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if not 0 < version <= known:
                verdict = f"it has version {version} of the format, and this CodeLab knows 1 to {known}"
    except sqlite.Error as error:
        verdict = str(error)
    if verdict != "ok":
        raise StateError(f"{backup} cannot be used", why=verdict, fix="Choose another backup")


def _move_aside(path: Path) -> Path | None:
    if not path.exists():
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"{path.stem}.replaced-{stamp}{path.suffix}")
    for side in _SIDES:
        with suppress(FileNotFoundError):
            os.replace(f"{path}{side}", f"{aside}{side}")
    return aside


def lost_head(mirror: Path) -> Head | None:
    """Return the end of the audit log before a restore, or None where it is not known."""
    try:
        return audit_mirror.read_head(mirror)
    except StateError:
        return None


def begin_anew(mirror: Path, head: Head) -> None:
    """Let the second file name the end of a restored audit log; the log itself says that it was restored."""
    with audit_mirror.lock(mirror):
        audit_mirror.write_head(mirror, head)
