"""Answers kept for the same request: a cache in a file of its own, which may be deleted at any moment."""

import hashlib
import json
import logging
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from codelab_models.host.calls import ModelCall

log = logging.getLogger("codelab.host")

MOST_BYTES = 50_000_000
MOST_BYTES_OF_ONE = 1_000_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    digest BLOB PRIMARY KEY,
    made REAL NOT NULL,
    used REAL NOT NULL,
    hits INTEGER NOT NULL DEFAULT 0,
    model TEXT NOT NULL,
    answer TEXT NOT NULL
) WITHOUT ROWID;
"""


class AnswersKept:
    """The open cache; for the thread of the event loop. Where its file cannot be used, nothing is kept.

    Args:
        path: The file; one that cannot be read is replaced.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        for _ in range(2):
            try:
                self._db = _open(path)
                return
            except (sqlite3.Error, OSError) as error:
                log.warning("the cache of answers is made anew: %s", error)
                for ending in ("", "-wal", "-shm"):
                    Path(f"{path}{ending}").unlink(missing_ok=True)

    @property
    def usable(self) -> bool:
        """Whether answers can be kept."""
        return self._db is not None

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()

    def find(self, call: ModelCall, hours: float) -> dict[str, Any] | None:
        """Return the answer that the same request got within so many hours, as the chat API has it whole."""
        now = time.time()
        rows = self._run(
            "UPDATE answers SET used = ?, hits = hits + 1 WHERE digest = ? AND made > ? RETURNING answer",
            now,
            _digest(call),
            now - hours * 3600,
        )
        return json.loads(rows[0][0]) if rows else None

    def keep(self, call: ModelCall, answer: dict[str, Any]) -> None:
        """Keep a whole answer, and drop those that were used longest ago if it gets too much."""
        text = json.dumps(answer, ensure_ascii=False)
        if len(text) > MOST_BYTES_OF_ONE:
            return
        now = time.time()
        values = (_digest(call), now, now, call.model, text)
        self._run(
            "INSERT OR REPLACE INTO answers (digest, made, used, model, answer) VALUES (?, ?, ?, ?, ?)",
            *values,
        )
        self._run(
            "DELETE FROM answers WHERE digest IN (SELECT digest FROM (SELECT digest,"
            " sum(length(answer)) OVER (ORDER BY used DESC, digest) AS total FROM answers) WHERE total > ?)",
            MOST_BYTES,
        )

    def report(self) -> dict[str, Any]:
        """Return how many answers are kept, their characters and how often they served."""
        rows = self._run(
            "SELECT count(*), coalesce(sum(length(answer)), 0), coalesce(sum(hits), 0) FROM answers"
        )
        count, characters, hits = rows[0] if rows else (0, 0, 0)
        return {"answers": count, "characters": characters, "hits": hits, "file": str(self._path)}

    def clear(self) -> int:
        """Forget all answers and return how many there were."""
        gone = len(self._run("DELETE FROM answers RETURNING 1"))
        self._run("VACUUM")
        return gone

    def _run(self, statement: str, *values: object) -> list[Any]:
        if self._db is None:
            return []
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            log.warning("the cache of answers fails: %s", error)
            return []


def _digest(call: ModelCall) -> bytes:
    """Digest all that decides the answer, and the key: another key may not even use that model."""
    decides = {"model": call.model, "fields": call.fields, "to": call.parameters, "key": call.api_key}
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).digest()


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    db = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(_SCHEMA)
    except BaseException:
        db.close()
        raise
    return db
