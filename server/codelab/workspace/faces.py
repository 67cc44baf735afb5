"""Which faces of a workspace live: each holds a lock that the kernel lets go when it dies.

No heartbeats and no process numbers, so a face that hangs is alive and one that was killed is dead at once.
"""

import contextlib
import json
import os
import re
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from codelab.core.errors import InputError, StateError
from codelab.core.wording import cause_of

if sys.platform != "win32":
    import fcntl

_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """A face as the others see it.

    Attributes:
        id: Its id.
        kind: ``lsp``, ``mcp`` or ``cli``.
        client: The name its client gave.
        can_prompt: Whether a person can be asked there.
        started_at: Unix time.
    """

    id: str
    kind: str
    client: str
    can_prompt: bool
    started_at: float


class FaceRegistry:
    """The folder of the faces of a workspace, and this face's place in it."""

    def __init__(self, folder: Path, info: FaceRecord, lock: FileLock) -> None:
        self._folder = folder
        self._info = info
        self._lock = lock

    @classmethod
    def open(cls, folder: Path, info: FaceRecord) -> Self:
        """Enter a face; it lives until ``close`` or the end of the process.

        Args:
            folder: The folder ``faces`` in the workspace's cache, created for the person alone.
            info: The face; its id consists of letters, digits, ``-`` and ``_``.

        Raises:
            InputError: The id cannot name a file, or a living face has it.
            StateError: The folder cannot be written.
        """
        if not _ID.fullmatch(info.id):
            raise InputError(f"{info.id!r} cannot name a face")
        lock = FileLock(folder / f"{info.id}.lock", mode=0o600, thread_local=False)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire(timeout=0)
            _write(folder / f"{info.id}.json", info)
        except Timeout:
            raise InputError(f"A face {info.id} is running already") from None
        except OSError as error:
            lock.release()
            raise StateError(
                f"CodeLab cannot use {folder}",
                why=cause_of(error),
                fix="Make the folder writable, or set CODELAB_HOME to one that is",
            ) from error
        registry = cls(folder, info, lock)
        registry.living()
        return registry

    @property
    def id(self) -> str:
        """The id of this face."""
        return self._info.id

    def alive(self, face_id: str) -> bool:
        """Tell whether a face lives."""
        if face_id == self._info.id:
            return self._lock.is_locked
        return bool(_ID.fullmatch(face_id)) and _is_held(self._folder / f"{face_id}.lock")

    def living(self) -> list[FaceRecord]:
        """Return the faces that live, oldest first, and sweep away what dead ones left."""
        found = []
        for path in self._folder.glob("*.json"):
            if not self.alive(path.stem):
                _sweep(path)
            elif (record := _read(path)) is not None:
                found.append(record)
        return sorted(found, key=lambda record: (record.started_at, record.id))

    def close(self) -> None:
        """Leave."""
        if self._lock.is_locked:
            path = self._folder / f"{self._info.id}.json"
            path.unlink(missing_ok=True)
            self._lock.release()
            with contextlib.suppress(OSError):
                path.with_suffix(".lock").unlink(missing_ok=True)


def living_faces(folder: Path) -> list[FaceRecord]:
    """Return the faces of a workspace that live, for somebody who is none; nothing is swept.

    Args:
        folder: As for ``FaceRegistry.open``.
    """
    held = [path for path in folder.glob("*.json") if _is_held(path.with_suffix(".lock"))]
    return [record for path in sorted(held) if (record := _read(path)) is not None]


def _write(path: Path, info: FaceRecord) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(asdict(info)), "utf-8")
    os.replace(temporary, path)


def _read(path: Path) -> FaceRecord | None:
    try:
        data = json.loads(path.read_text("utf-8"))
        return FaceRecord(**{field.name: data[field.name] for field in fields(FaceRecord)})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sweep(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        path.with_suffix(".lock").unlink(missing_ok=True)


def _is_held(path: Path) -> bool:
    if sys.platform == "win32":
        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:  # shared, so that two who look at the same time do not take one another for the face
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False
