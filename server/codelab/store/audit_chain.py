"""The chain of the audit log: what each row's hash is made of, and whether a log is whole.

The hash of a row covers the hash of the row before it, so a row that is edited, removed or moved breaks the
chain from there on. That rows at the end are missing, or that another database stands in the place of the
whole, shows by the head: place and hash of the last row, kept in a second file (``audit_mirror``).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

GENESIS = "0" * 64  # stands for the row before the first
ERASED = "data-deleted"  # the kind of row that says which rows' data were deleted


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the audit log.

    Attributes:
        seq: Its place, from 1 without gaps.
        at: Microseconds since 1970, UTC.
        session: The session it belongs to, or an empty string.
        run: The run, or an empty string.
        client: The client of the session, for people.
        kind: What happened; one of ``audit.AuditKind``.
        data: What exactly, canonical JSON; None where it was deleted on the person's request.
        data_hash: SHA-256 of ``data``.
        previous: The hash of the row before it.
        hash: SHA-256 of all the others but ``data``.
    """

    seq: int
    at: int
    session: str
    run: str
    client: str
    kind: str
    data: str | None
    data_hash: str
    previous: str
    hash: str

    @property
    def content(self) -> dict[str, Any]:
        """What happened exactly, as data; nothing where it was deleted."""
        return json.loads(self.data) if self.data is not None else {}


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a log: the place and the hash of its last row; 0 and ``GENESIS`` of an empty one."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether an audit log is whole.

    Attributes:
        rows: How many rows it has.
        broken: The place of the first row that is not what was written, or None.
        why: What is wrong, or an empty string.
        unmirrored: Rows at the end that the second file does not know yet: a process died between both.
        erased: Rows whose data were deleted on the person's request.
    """

    rows: int
    broken: int | None = None
    why: str = ""
    unmirrored: int = 0
    erased: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.why


def canonical(data: object) -> str:
    """Return data as JSON in the one form that is hashed."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def row_hash(  # noqa: PLR0917 - the order of the columns
    seq: int, at: int, session: str, run: str, client: str, kind: str, data_hash: str, previous: str
) -> str:
    """Return the hash that links a row to the one before it."""
    return text_hash(canonical([seq, at, session, run, client, kind, data_hash, previous]))


def check(rows: Iterable[AuditRow], mirrored: Head | None) -> AuditVerdict:
    """Tell whether a log is whole, and else which row is the first that is not what was written.

    Args:
        rows: All of them, in the order of ``seq``.
        mirrored: The head in the second file; None where there is no such file.
    """
    last, count, seen = Head(), 0, mirrored is None or not mirrored.seq
    erased: dict[int, str] = {}
    for row in rows:
        count += 1
        if why := _flaw(row, last):
            return AuditVerdict(count, broken=last.seq + 1, why=why)
        last = Head(row.seq, row.hash)
        if mirrored is not None and row.seq == mirrored.seq:
            if row.hash != mirrored.hash:
                why = "it is not the row that the second file names: the log was replaced or written anew"
                return AuditVerdict(count, broken=row.seq, why=why)
            seen = True
        if row.data is None:
            erased[row.seq] = row.session
        elif row.kind == ERASED:
            for seq in _covered(row, erased):
                del erased[seq]
    if not seen and mirrored is not None:
        why = f"rows {last.seq + 1} to {mirrored.seq} are missing at the end"
        return AuditVerdict(count, broken=last.seq + 1, why=why)
    if mirrored is None and count:
        return AuditVerdict(
            count, why="the second file is gone, so that rows missing at the end would not show"
        )
    if erased:
        first = min(erased)
        return AuditVerdict(
            count, broken=first, why="its data are gone, and no later row says that they were deleted"
        )
    return AuditVerdict(count, unmirrored=last.seq - mirrored.seq if mirrored is not None else 0)


def _flaw(row: AuditRow, last: Head) -> str:
    """Return what is wrong with a row that should follow another, or an empty string."""
    if row.seq != last.seq + 1:
        return f"it is missing: row {row.seq} follows row {last.seq}"
    if row.data is not None and text_hash(row.data) != row.data_hash:
        return "its data were changed"
    if row.previous != last.hash:
        return "it does not follow the row before it"
    made = row_hash(row.seq, row.at, row.session, row.run, row.client, row.kind, row.data_hash, row.previous)
    return "" if made == row.hash else "it was changed"


def _covered(row: AuditRow, erased: dict[int, str]) -> list[int]:
    """Return which of the rows without data a row of kind ``data-deleted`` speaks of."""
    session = row.content.get("session", "")
    return [seq for seq, of in erased.items() if not session or of == session]
