"""Unsaved buffers of all faces of a workspace: a cache beside the index, gone with the faces.

A face's own buffers are kept in memory and answered at once; a thread writes them to the file for the
others, so no keystroke waits for a disk.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from filelock import FileLock

from codelab.store import sqlite
from codelab.store.failures import explain

_DEBOUNCE_SECONDS = 0.05
_SCHEMA = """
CREATE TABLE IF NOT EXISTS buffers (
    face TEXT NOT NULL,
    path TEXT NOT NULL,
    text BLOB NOT NULL,
    stamp REAL NOT NULL,
    PRIMARY KEY (face, path)
) STRICT, WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Buffer:
    """A file as an editor shows it, and the face whose editor it is."""

    path: str
    text: str
    face: str


class Overlay:
    """The buffers of one face, shared with those of the others.

    Guarded by ``_guard``: ``_own``, ``_dirty``, ``_failed``, ``_dead`` and the flags.
    Guarded by ``_reading``: the connection ``_reader`` and what was last read through it, which stands until
    SQLite's data version moves.
    """

    def __init__(self, path: Path, face: str, is_alive: Callable[[str], bool]) -> None:
        self._path = path
        self._face = face
        self._is_alive = is_alive
        self._guard = threading.Condition()
        self._own: dict[str, Buffer] = {}
        self._dirty: set[str] = set()
        self._failed: set[str] = set()
        self._dead: set[str] = set()
        self._hurry = False
        self._writing = False
        self._closing = False
        self._reading = threading.Lock()
        self._reader: sqlite.Connection | None = None
        self._read_identity: tuple[int, int] | None = None
        self._version = -1
        self._others: dict[tuple[str, str], Buffer] = {}
        self._thread = threading.Thread(target=self._write_behind, name="overlay", daemon=True)

    @classmethod
    def open(cls, folder: Path, face: str, is_alive: Callable[[str], bool]) -> Self:
        """Open or create ``overlay.db`` in a workspace's cache folder.

        Args:
            folder: The cache folder; created for the person alone.
            face: The id of this face.
            is_alive: Tells whether a face, by its id, still runs.

        Raises:
            StateError: The folder cannot be written. A damaged file is replaced: it is only a cache.
        """
        path = folder / "overlay.db"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            try:
                _connect(path).close()
            except sqlite.DatabaseError as error:
                if isinstance(error, sqlite.OperationalError):
                    raise
                _remove(path)
                _connect(path).close()
        except (sqlite.Error, OSError) as error:
            raise explain(path, error) from error
        overlay = cls(path, face, is_alive)
        overlay._thread.start()
        return overlay

    def put(self, path: str, text: str) -> None:
        """Note the text of a buffer of this face."""
        with self._guard:
            self._own[path] = Buffer(path, text, self._face)
            self._dirty.add(path)
            self._guard.notify_all()

    def replace(self, path: str, old: str, new: str) -> None:
        """Note a new text of a buffer of this face, unless it shows another than the old one by now."""
        with self._guard:
            if (buffer := self._own.get(path)) is not None and buffer.text == old:
                self.put(path, new)

    def drop(self, path: str) -> None:
        """Note that this face no longer shows a file other than the disk does."""
        with self._guard:
            if self._own.pop(path, None) is not None:
                self._dirty.add(path)
                self._guard.notify_all()

    def buffers(self) -> dict[str, Buffer]:
        """Return the unsaved buffers by path: this face's own, else the latest of a living face."""
        alive: dict[str, bool] = {}
        shown = {}
        for buffer in self._read_others().values():
            if buffer.face not in alive:
                alive[buffer.face] = self._is_alive(buffer.face)
            if alive[buffer.face]:
                shown[buffer.path] = buffer
        with self._guard:
            dead = {face for face, lives in alive.items() if not lives}
            if dead - self._dead:
                self._dead |= dead
                self._guard.notify_all()
            return {**shown, **self._own}

    def flush(self) -> None:
        """Wait until everything noted so far is in the file, or could not be written."""
        with self._guard:
            self._hurry = True
            self._guard.notify_all()
            self._guard.wait_for(lambda: not (self._dirty or self._dead or self._writing), timeout=10)

    def close(self) -> None:
        """Take this face's buffers out of the file and close it."""
        with self._guard:
            if self._closing:
                return
            self._dirty |= self._own.keys()
            self._own.clear()
            self._closing = True
            self._guard.notify_all()
        self._thread.join(timeout=10)
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def _read_others(self) -> dict[tuple[str, str], Buffer]:
        with self._reading:
            try:
                identity = _identity(self._path)
                if self._reader is None or identity != self._read_identity:
                    self._reopen(identity)
                if self._reader is None:
                    return {}
                (version,) = self._reader.execute("PRAGMA data_version").fetchone()
                if version != self._version:
                    found = self._reader.execute(
                        "SELECT face, path, text FROM buffers WHERE face <> ? ORDER BY stamp", (self._face,)
                    )
                    self._others = {
                        (face, path): Buffer(path, _text(data), face) for face, path, data in found.fetchall()
                    }
                    self._version = version
            except (sqlite.Error, OSError):  # a cache that cannot be read is an empty one
                return {}
            return self._others

    def _reopen(self, identity: tuple[int, int] | None) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader, self._version, self._others = None, -1, {}
        if identity is not None and not self._closing:
            self._reader = _connect(self._path)
            self._read_identity = identity

    def _write_behind(self) -> None:
        db: sqlite.Connection | None = None
        opened: tuple[int, int] | None = None
        while True:
            changes, dead, closing = self._next_work()
            try:
                if db is None or opened != _identity(self._path):  # replaced by another face, being damaged
                    if db is not None:
                        db.close()
                        changes = {**self._all_own(), **changes}
                    db, opened = _connect(self._path), _identity(self._path)
                self._write(db, changes, dead)
            except (sqlite.Error, OSError) as error:
                if isinstance(error, sqlite.DatabaseError) and not isinstance(error, sqlite.OperationalError):
                    with contextlib.suppress(OSError):
                        _remove(self._path)
                with self._guard:
                    self._failed |= changes.keys()  # tried again with the next change
            finally:
                with self._guard:
                    self._writing = False
                    self._guard.notify_all()
            if closing:
                if db is not None:
                    db.close()
                return

    def _next_work(self) -> tuple[dict[str, Buffer | None], set[str], bool]:
        with self._guard:
            self._guard.wait_for(lambda: self._dirty or self._dead or self._closing)
            self._guard.wait_for(lambda: self._closing or self._hurry, timeout=_DEBOUNCE_SECONDS)
            self._writing, self._hurry = True, False
            changes = {path: self._own.get(path) for path in self._dirty | self._failed}
            dead = set(self._dead)
            self._dirty.clear()
            self._failed.clear()
            self._dead.clear()
            return changes, dead, self._closing

    def _all_own(self) -> dict[str, Buffer | None]:
        with self._guard:
            return dict(self._own)

    def _write(self, db: sqlite.Connection, changes: dict[str, Buffer | None], dead: set[str]) -> None:
        db.execute("BEGIN IMMEDIATE")
        try:
            for path, buffer in changes.items():
                if buffer is None:
                    db.execute("DELETE FROM buffers WHERE face = ? AND path = ?", (self._face, path))
                else:
                    row = (self._face, path, buffer.text.encode("utf-8", "surrogatepass"), time.time())
                    db.execute("REPLACE INTO buffers (face, path, text, stamp) VALUES (?, ?, ?, ?)", row)
            for face in dead:
                db.execute("DELETE FROM buffers WHERE face = ?", (face,))
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _connect(path: Path) -> sqlite.Connection:
    db = sqlite.connect(path)
    try:
        db.execute("PRAGMA synchronous = OFF")
        (mode,) = db.execute("PRAGMA journal_mode").fetchone()
        if mode != "wal":
            with FileLock(f"{path}.lock", mode=0o600):
                db.execute("PRAGMA journal_mode = WAL")
                db.execute(_SCHEMA)
        db.execute("SELECT 1 FROM buffers LIMIT 1")
    except BaseException:
        db.close()
        raise
    return db


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
