"""Backups of precious databases: one a day while they are in use, fewer the older they are."""

import contextlib
import os
import re
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from codelab.store import sqlite

DAILY, WEEKLY, MONTHLY = 7, 4, 12  # how many are kept of each
_EVERY = timedelta(hours=24)
_STAMP = "%Y%m%dT%H%M%S%f"
_NAME = re.compile(r".+-(\d{8}T\d{12})\.db")
_UNFINISHED = ".db.tmp"


def folder_of(path: Path) -> Path:
    """Return the folder of a database's backups."""
    return path.parent / "backups"


def list_backups(path: Path) -> list[Path]:
    """Return the backups of a database, those before migrations too, oldest first."""
    found = [(made, one) for one in folder_of(path).glob(f"{path.stem}-*.db") if (made := made_at(one))]
    return [one for _, one in sorted(found)]


def made_at(backup: Path) -> datetime | None:
    """Return when a backup was made by its name, or None for a file that is none."""
    match = _NAME.fullmatch(backup.name)
    try:
        return datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC) if match else None
    except ValueError:
        return None


def back_up(path: Path, now: datetime, label: str = "") -> Path:
    """Copy a database while it is in use.

    Args:
        path: The database.
        now: The time by which the backup is called.
        label: What else its name says, such as ``v0002``.

    Returns:
        The backup, complete and on the disk.

    Raises:
        sqlite.Error: It cannot be read, or is damaged.
        OSError: The backup cannot be written.
    """
    folder = folder_of(path)
    folder.mkdir(mode=0o700, exist_ok=True)
    backup = folder / f"{path.stem}-{label + '-' if label else ''}{now.strftime(_STAMP)}.db"
    temporary = backup.with_name(backup.name + ".tmp")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with (
            closing(sqlite.connect(path, read_only=True)) as source,
            closing(sqlite.connect(temporary)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, that nothing else belongs to
            (verdict,) = target.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite.DatabaseError(f"database disk image is malformed: {verdict}")
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, backup)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return backup


def back_up_daily(path: Path, now: datetime) -> Path | None:
    """Make the backup of the day unless there is one; remove those no longer kept, and what was cut off.

    Args:
        path: The database.
        now: The time.

    Returns:
        The backup, or None where none is due, nothing is stored yet, or another process is at it.

    Raises:
        sqlite.Error: The database cannot be read, or is damaged.
        OSError: The backup cannot be written.
    """
    folder = folder_of(path)
    newest = max((made for one in list_backups(path) if (made := made_at(one))), default=None)
    if (newest is not None and timedelta(0) <= now - newest < _EVERY) or not _holds_something(path):
        return None
    folder.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(Timeout), FileLock(folder / f"{path.stem}.lock", timeout=0, mode=0o600):
        for cut_off in folder.glob(f"{path.stem}-*{_UNFINISHED}*"):
            cut_off.unlink(missing_ok=True)
        backup = back_up(path, now)
        prune(path)
        return backup
    return None


def prune(path: Path) -> list[Path]:
    """Remove the backups of a database that are no longer kept; those before migrations stay.

    Returns:
        The removed ones.
    """
    ours = {
        made: one
        for one in list_backups(path)
        if (made := made_at(one)) and one.name == f"{path.stem}-{made.strftime(_STAMP)}.db"
    }
    removed = [ours[made] for made in ours.keys() - kept(ours)]
    for one in removed:
        one.unlink(missing_ok=True)
    return removed


def kept(made: Iterable[datetime]) -> set[datetime]:
    """Return which backups are kept: the newest of each of the last days, weeks and months that have any.

    Args:
        made: When each was made.
    """
    newest_first = sorted(made, reverse=True)
    chosen: set[datetime] = set()
    for most, period in ((DAILY, _day), (WEEKLY, _week), (MONTHLY, _month)):
        periods: dict[tuple[int, ...], datetime] = {}
        for one in newest_first:
            periods.setdefault(period(one.date()), one)
        chosen.update(list(periods.values())[:most])
    return chosen


def _day(day: date) -> tuple[int, ...]:
    return (day.toordinal(),)


def _week(day: date) -> tuple[int, ...]:
    return tuple(day.isocalendar())[:2]


def _month(day: date) -> tuple[int, ...]:
    return day.year, day.month


def _holds_something(path: Path) -> bool:
    if not path.exists():
        return False
    with closing(sqlite.connect(path, read_only=True)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return any(db.execute(f'SELECT EXISTS (SELECT 1 FROM "{name}")').fetchone()[0] for name in tables)  # noqa: S608 - names of ours
