"""The head of an audit log in a second file: what shows that rows at its end are missing.

The file lies outside of the workspace and of the folder of its database. It goes forward only, and only over
rows that lead on from the head it names: a log that was cut off or replaced does not make it forget. Its two
lines hold the last two heads, so that a write that is cut off costs one of them.
"""

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from codelab.core.errors import StateError
from codelab.core.wording import cause_of
from codelab.store.audit_chain import Head, text_hash

_LOCK_SECONDS = 10.0
_LINE = 160  # bytes; there are two lines, of which the older one is written over


def read_head(mirror: Path) -> Head | None:
    """Return the head in the second file, or None where there is no such file.

    Raises:
        StateError: The file cannot be read or makes no sense.
    """
    try:
        heads = [head for line in mirror.read_bytes().split(b"\n") if (head := _parsed(line)) is not None]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(mirror, cause_of(error)) from error
    if not heads:
        raise _unreadable(mirror, "neither of its lines is a head with the right checksum")
    return max(heads, key=lambda head: head.seq)


def _unreadable(mirror: Path, why: str) -> StateError:
    return StateError(
        f"{mirror} cannot be read",
        why=f"It holds the end of the audit log; {why}",
        fix="`codelab state check` says what else is damaged",
    )


def _parsed(line: bytes) -> Head | None:
    """Return the head that a line holds, or None where the line was cut off while it was written."""
    try:
        data = json.loads(line)
        head = Head(int(data["seq"]), str(data["hash"]))
        return head if data["check"] == _checksum(head) else None
    except (ValueError, KeyError, TypeError):
        return None


def _checksum(head: Head) -> str:
    return text_hash(f"{head.seq} {head.hash}")[:16]


def _line(head: Head) -> bytes:
    told = {"seq": head.seq, "hash": head.hash, "check": _checksum(head)}
    return json.dumps(told).encode().ljust(_LINE - 1) + b"\n"


def advance(mirror: Path, head: Head, hash_at: Callable[[int], str | None], last: Head | None = None) -> bool:
    """Bring the second file to a head that is committed; it is made while the log is still empty.

    Args:
        mirror: The file.
        head: The last row of the log.
        hash_at: Returns the hash of the row at a place of the log, None where there is none.
        last: A head that is known to be in the log, which spares looking.

    Returns:
        False, and the file stays as it is, where the log no longer has the row that the file names, or the
        file is gone though the log has rows.

    Raises:
        StateError: The file makes no sense.
        OSError: It cannot be written.
    """
    with lock(mirror):
        known = read_head(mirror)
        if known is None:
            if not head.seq:
                write_head(mirror, head)
            return not head.seq
        if known not in (last, Head()) and hash_at(known.seq) != known.hash:
            return False
        if known.seq < head.seq:
            _put(mirror, head)
    return True


def lock(mirror: Path) -> FileLock:
    """Return the lock that whoever changes the second file holds."""
    mirror.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return FileLock(f"{mirror}.lock", timeout=_LOCK_SECONDS, mode=0o600)


def _put(mirror: Path, head: Head) -> None:
    """Write a head over the older one of the two lines: one that is cut off leaves the other."""
    fd = os.open(mirror, os.O_RDWR)
    try:
        held = os.read(fd, 2 * _LINE)
        first, second = _parsed(held[: _LINE - 1]), _parsed(held[_LINE:])
        place = 0 if first is None or (second is not None and first.seq < second.seq) else _LINE
        os.lseek(fd, place, os.SEEK_SET)
        os.write(fd, _line(head))
        os.fsync(fd)
    finally:
        os.close(fd)


def write_head(mirror: Path, head: Head) -> None:
    """Write the file anew, whole or not at all, whatever it held; the caller has its lock.

    Raises:
        OSError: It cannot be written.
    """
    temporary = mirror.with_name(f"{mirror.name}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(_line(head) * 2)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, mirror)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
