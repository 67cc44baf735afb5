"""What was asked of models and what it cost: one row for each attempt, in a small database.

The interpreter's own sqlite3 serves: nothing here needs more, and one connection in one process writes. A
commit is durable against the end of the process, not against a power cut, which may lose the last second.
"""

import logging
import os
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codelab_models.failures import FailureKind, failure

log = logging.getLogger("codelab.host")

KEPT_DAYS = 400
_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY,
    began REAL NOT NULL,              -- seconds since 1970
    seconds REAL,                     -- how long it took; NULL while it lasts, or where the host was killed
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
    """How an attempt ended; see the columns of the table."""

    outcome: str
    seconds: float
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    first_token_seconds: float | None = None
    cost_usd: float = 0.0


class Ledger:
    """The database, opened when it is first needed; for the thread of the event loop.

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

    def begin(self, attempt: Attempt) -> int:
        """Note an attempt before it is made, with the most that it can cost; return its number.

        Raises:
            ModelFailure: It cannot be written down, so it must not be made.
        """
        names = "began, kind, first, session, agent, provider, model, reserved_usd"
        values = (attempt.kind, attempt.first, attempt.session, attempt.agent, attempt.provider)
        cursor = self._run(
            f"INSERT INTO attempts ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - names of ours
            time.time(),
            *values,
            attempt.model,
            attempt.reserved_usd,
        )
        return int(cursor.lastrowid or 0)

    def settle(self, number: int, outcome: Outcome) -> None:
        """Note how an attempt ended and what it cost.

        Raises:
            ModelFailure: It cannot be written down; the reservation stands.
        """
        self._run(
            "UPDATE attempts SET outcome = ?, seconds = ?, tokens_in = ?, tokens_cached = ?, tokens_out = ?,"
            " first_token_seconds = ?, cost_usd = ? WHERE id = ?",
            outcome.outcome,
            outcome.seconds,
            outcome.tokens_in,
            outcome.tokens_cached,
            outcome.tokens_out,
            outcome.first_token_seconds,
            outcome.cost_usd,
            number,
        )

    def requests_since(self, moment: float) -> tuple[int, float]:
        """Return how many chat requests were sent since then, and when the first of them was (or 0)."""
        found = self._run(
            "SELECT count(*), coalesce(min(began), 0) FROM attempts"
            " WHERE began > ? AND first AND kind = 'chat' AND outcome <> 'cached'",
            moment,
        ).fetchone()
        return int(found[0]), float(found[1])

    def spent_since(self, moment: float) -> float:
        """Return what was spent since then, in US dollars: what is not known yet counts as reserved."""
        found = self._run(
            "SELECT coalesce(sum(coalesce(cost_usd, reserved_usd)), 0) FROM attempts WHERE began >= ?", moment
        ).fetchone()
        return float(found[0])

    def totals(self, by: str, moment: float) -> list[dict[str, object]]:
        """Return sums since a moment, the most expensive and then the largest first.

        Args:
            by: ``model``, ``agent``, ``session``, ``provider``, ``day``, or ``all`` for one sum.
            moment: Seconds since 1970.

        Raises:
            KeyError: There is no such grouping.
        """
        found = self._run(
            f"SELECT {_GROUPS[by]} AS name, sum(first AND outcome <> 'cached'), sum(outcome = 'cached'),"  # noqa: S608
            " sum(outcome NOT IN ('', 'answered', 'left', 'cached')), sum(tokens_in), sum(tokens_cached),"
            " sum(tokens_out), sum(coalesce(cost_usd, reserved_usd)) AS spent FROM attempts"
            " WHERE began >= ? GROUP BY name ORDER BY spent DESC, sum(tokens_in + tokens_out) DESC, name",
            moment,
        )
        names = ("requests", "cached", "failed", "tokens_in", "tokens_cached", "tokens_out", "cost_usd")
        return [{"name": row[0], **dict(zip(names, row[1:], strict=True))} for row in found]

    def _run(self, statement: str, *values: object) -> sqlite3.Cursor:
        try:
            if self._db is None:
                self._db = _open_or_set_aside(self._path)
                oldest = time.time() - KEPT_DAYS * 86_400
                self._db.execute("DELETE FROM attempts WHERE began < ?", (oldest,))
            return self._db.execute(statement, values)
        except (sqlite3.Error, OSError) as error:
            raise _unusable(self._path, error) from error


_GROUPS = {
    "all": "'all'",
    "model": "model",
    "agent": "agent",
    "session": "session",
    "provider": "provider",
    "day": "date(began, 'unixepoch', 'localtime')",
}


def _open_or_set_aside(path: Path) -> sqlite3.Connection:
    try:
        return _open(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        set_aside = path.with_suffix(f".damaged-{time.time():.0f}")
        log.warning("%s is damaged and set aside as %s", path.name, set_aside.name)
        for ending in ("", "-wal", "-shm"):
            with suppress(OSError):
                os.replace(f"{path}{ending}", f"{set_aside}{ending}")
        return _open(path)


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
        why=f"{path}: {error}",
        fix="Make room on the disk and see that the file can be written",
    )
