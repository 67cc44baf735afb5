"""What was asked of models and what it cost: one row for each attempt, in a small database.

The interpreter's own sqlite3 serves: nothing here needs more. The model host and faces write to the same
file; the limit that no two of them may pass together is looked at and written in one statement. A commit is
durable against the end of the process, not against a power cut, which may lose the last second.
"""

import logging
import os
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from codelab.core.wording import cause_of
from codelab_models.failures import FailureKind, failure

log = logging.getLogger("codelab.host")

KEPT_DAYS = 400
HOUR = 3600.0
Whose = Literal["", "session", "agent", "model", "provider"]
"""The column that narrows a sum; empty for all of them."""

_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY,
    began REAL NOT NULL,              -- seconds since 1970
    seconds REAL,                     -- how long it took; NULL while it lasts, or where it was killed
    kind TEXT NOT NULL,               -- chat or embedding
    first INTEGER NOT NULL,           -- 1 for the first attempt of a request, 0 for the others
    session TEXT NOT NULL,
    agent TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT '', -- answered, left, cached, or the kind of failure
    tokens_in INTEGER NOT NULL DEFAULT 0,
    tokens_cached INTEGER NOT NULL DEFAULT 0,
    tokens_out INTEGER NOT NULL DEFAULT 0,
    first_token_seconds REAL,
    reserved_usd REAL NOT NULL,       -- the most that it can cost, counted until the cost is known
    cost_usd REAL
);
CREATE INDEX IF NOT EXISTS attempts_by_time ON attempts (began);
"""

_BEGIN = """
INSERT INTO attempts (began, kind, first, session, agent, provider, model, reserved_usd)
SELECT :now, :kind, :first, :session, :agent, :provider, :model, :reserved_usd
WHERE :most IS NULL OR :most > (
    SELECT count(*) FROM attempts
    WHERE began > :since AND first AND kind = 'chat' AND outcome <> 'cached'
)
"""

_SETTLE = """
UPDATE attempts SET outcome = ?, seconds = ?, tokens_in = ?, tokens_cached = ?, tokens_out = ?,
    first_token_seconds = ?, cost_usd = ?, model = CASE model WHEN '' THEN ? ELSE model END
WHERE id = ?
"""

_REQUESTS = """
SELECT count(*), coalesce(min(began), 0) FROM attempts
WHERE began > ? AND first AND kind = 'chat' AND outcome <> 'cached'
"""

_SPENT = """
SELECT coalesce(sum(coalesce(cost_usd, reserved_usd)), 0) FROM attempts
WHERE began >= :since AND CASE :whose WHEN '' THEN 1 WHEN 'session' THEN session = :name
    WHEN 'agent' THEN agent = :name WHEN 'model' THEN model = :name WHEN 'provider' THEN provider = :name END
"""

_TOTALS = """
SELECT CASE :by WHEN 'all' THEN 'all' WHEN 'model' THEN model WHEN 'agent' THEN agent
    WHEN 'session' THEN session WHEN 'provider' THEN provider
    WHEN 'day' THEN date(began, 'unixepoch', 'localtime') END AS name,
    sum(first AND outcome <> 'cached'), sum(outcome = 'cached'),
    sum(outcome NOT IN ('', 'answered', 'left', 'cached')), sum(tokens_in), sum(tokens_cached),
    sum(tokens_out), sum(coalesce(cost_usd, reserved_usd)) AS spent
FROM attempts WHERE began >= :since GROUP BY name
ORDER BY spent DESC, sum(tokens_in + tokens_out) DESC, name
"""

GROUPS = ("model", "agent", "session", "provider", "day")
"""What sums may be broken down by."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt about to be made; see the columns of the table."""

    kind: str
    first: bool
    session: str
    agent: str
    provider: str
    model: str
    reserved_usd: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; see the columns of the table. ``model`` is who answered where none was named."""

    outcome: str
    seconds: float
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    first_token_seconds: float | None = None
    cost_usd: float = 0.0
    model: str = ""


class Ledger:
    """The database, opened when it is first needed; for one thread at a time.

    Args:
        path: The file; its folder is made for the person alone. What is there and damaged is set aside.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def begin(self, attempt: Attempt, *, most_in_hour: int | None = None) -> int | None:
        """Note an attempt before it is made, with the most that it can cost.

        Args:
            attempt: What is about to be asked.
            most_in_hour: It may not be made if so many chat requests were sent in the last hour, however many
                processes ask at once.

        Returns:
            Its number, or None if it may not be made.

        Raises:
            ModelFailure: It cannot be written down, so it must not be made.
        """
        now = time.time()
        values = {name: getattr(attempt, name) for name in Attempt.__slots__}
        cursor = self._run(_BEGIN, {**values, "now": now, "since": now - HOUR, "most": most_in_hour})
        return cursor.lastrowid if cursor.rowcount else None

    def settle(self, number: int, outcome: Outcome) -> None:
        """Note how an attempt ended and what it cost.

        Raises:
            ModelFailure: It cannot be written down; the reservation stands.
        """
        values = (outcome.outcome, outcome.seconds, outcome.tokens_in, outcome.tokens_cached)
        more = (outcome.tokens_out, outcome.first_token_seconds, outcome.cost_usd)
        self._run(_SETTLE, (*values, *more, outcome.model, number))

    def requests_since(self, moment: float) -> tuple[int, float]:
        """Return how many chat requests were sent since then, and when the first of them was (or 0)."""
        found = self._run(_REQUESTS, (moment,)).fetchone()
        return int(found[0]), float(found[1])

    def spent_since(self, moment: float, whose: Whose = "", name: str = "") -> float:
        """Return what was spent since then, in US dollars: what is not known yet counts as reserved.

        Args:
            moment: Seconds since 1970.
            whose: What to narrow it by.
            name: The session, agent, model or provider.
        """
        return float(self._run(_SPENT, {"since": moment, "whose": whose, "name": name}).fetchone()[0])

    def totals(self, by: str, moment: float) -> list[dict[str, object]]:
        """Return sums since a moment, the most expensive and then the largest first.

        Args:
            by: One of ``GROUPS``, or ``all`` for one sum.
            moment: Seconds since 1970.
        """
        found = self._run(_TOTALS, {"by": by, "since": moment})
        names = ("requests", "cached", "failed", "tokens_in", "tokens_cached", "tokens_out", "cost_usd")
        return [{"name": row[0], **dict(zip(names, row[1:], strict=True))} for row in found]

    def _run(self, statement: str, values: tuple[object, ...] | dict[str, object]) -> sqlite3.Cursor:
        try:
            if self._db is None:
                self._db = _open_or_set_aside(self._path)
                oldest = time.time() - KEPT_DAYS * 86_400
                self._db.execute("DELETE FROM attempts WHERE began < ?", (oldest,))
            return self._db.execute(statement, values)
        except (sqlite3.Error, OSError) as error:
            raise _unusable(self._path, error) from error


def _open_or_set_aside(path: Path) -> sqlite3.Connection:
    try:
        return _open(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        pass
    with FileLock(path.with_suffix(".lock")):  # two that find it damaged must not set aside the new one
        try:
            return _open(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            _set_aside(path)
        return _open(path)


def _set_aside(path: Path) -> None:
    set_aside = path.with_suffix(f".damaged-{time.time():.0f}")
    log.warning("%s is damaged and set aside as %s", path.name, set_aside.name)
    for ending in ("", "-wal", "-shm"):
        with suppress(OSError):
            os.replace(f"{path}{ending}", f"{set_aside}{ending}")


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its journals the same mode
    db = sqlite3.connect(path, isolation_level=None, timeout=10.0, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise sqlite3.OperationalError("a newer CodeLab wrote it; update CodeLab")
        if version < _VERSION:
            db.executescript(_SCHEMA)
            db.execute(f"PRAGMA user_version = {_VERSION}")
    except BaseException:
        db.close()
        raise
    return db


def _unusable(path: Path, error: Exception) -> Exception:
    return failure(
        FailureKind.LIMIT,
        "No model is asked, because what it costs could not be written down",
        why=f"{path}: {cause_of(error)}",
        fix="Make room on the disk and see that the file can be written",
    )
