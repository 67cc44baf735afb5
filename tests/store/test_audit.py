"""The audit log: a chain that shows every edit, gap and cut; in the transaction of what it tells."""

import asyncio
import json
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from codelab.core import redaction
from codelab.store import approvals, audit, calls, checkpoints, sqlite
from codelab.store.audit import AuditKind
from codelab.store.audit_chain import GENESIS, AuditRow, AuditVerdict, Head, check, row_hash, text_hash
from codelab.store.audit_mirror import read_head
from codelab.store.calls import CallRow
from codelab.store.state import StateDb
from tests.programme.volume import Volume
from tests.support.stored import an_approval, store_basics

_TRIGGERS = ("audit_keeps_its_rows", "audit_keeps_its_values")


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere" / "head.json"


@pytest.fixture
async def db(tmp_path: Path, mirror: Path) -> AsyncIterator[StateDb]:
    async with await StateDb.open(tmp_path / "data" / "state.db", mirror) as db:
        async with db.write() as tx:
            await store_basics(tx)
        yield db


async def fill(db: StateDb, count: int) -> None:
    for number in range(count):
        async with db.write() as tx:
            await audit.append(
                tx, AuditKind.DECISION, {"path": f"src/{number}.py", "rule": "reading"}, run="run-1"
            )


async def verdict(db: StateDb, mirror: Path) -> AuditVerdict:
    async with db.read() as rx:
        return check(await audit.list_rows(rx), read_head(mirror))


def tamper(path: Path, *statements: str) -> None:
    """Do to the log what CodeLab never does."""
    with closing(sqlite.connect(path)) as connection:
        for trigger in _TRIGGERS:
            connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            connection.execute(statement)


@pytest.mark.req("SAFE-7")
async def test_what_becomes_of_approvals_calls_and_changes_is_told(db: StateDb, mirror: Path) -> None:
    async with db.write() as tx:
        await calls.create(tx, CallRow("call-1", "run-1", 1, "edit_file", "{}"))
        await approvals.decide(tx, "apr-1", "approved", "Neovim", "fine", 5.0)
        await approvals.consume(tx, "apr-1", "d1")
        point = await checkpoints.prepare(
            tx, run="run-1", call="call-1", path="a.py", before=b"a", after=b"b"
        )
        await calls.update(tx, "call-1", state="executing")
        await checkpoints.mark(tx, point.id, "applied")
        await calls.update(tx, "call-1", state="done", result="b")
        await checkpoints.mark(tx, point.id, "undone")
        for end in ("expire", "invalidate"):
            await approvals.propose(tx, an_approval(f"apr-{end}"))
        await approvals.expire(tx, "apr-expire", 6.5)
        await approvals.invalidate(tx, "apr-invalidate", "the run was stopped")
        rows = await audit.list_rows(tx)
    assert [row.kind for row in rows] == [
        "approval-asked", "approval-answered", "approval-used", "change-begun", "call-started",
        "change-written", "call-ended", "change-undone", "approval-asked", "approval-asked",
        "approval-expired", "approval-invalidated",
    ]  # fmt: skip
    assert {(row.session, row.run, row.client) for row in rows} == {("ses-1", "run-1", "Neovim")}
    assert rows[1].content | {"salt": ""} == {
        "approval": "apr-1", "state": "approved", "by": "Neovim", "reason": "fine", "salt": "",
    }  # fmt: skip
    assert rows[5].content["before"] == text_hash("a"), "of contents there are only hashes"
    assert (await verdict(db, mirror)).whole


@pytest.mark.req("SAFE-7")
async def test_what_is_rolled_back_is_not_told_and_what_is_committed_is_in_the_second_file(
    db: StateDb, mirror: Path
) -> None:
    before = read_head(mirror)
    with pytest.raises(ZeroDivisionError):
        async with db.write() as tx:
            await audit.append(tx, AuditKind.DECISION, {})
            raise ZeroDivisionError
    assert read_head(mirror) == before
    await fill(db, 3)
    async with db.read() as rx:
        assert read_head(mirror) == await audit.head(rx)
    assert before is not None
    assert (await verdict(db, mirror)).rows == before.seq + 3


@pytest.mark.req("SAFE-7")
async def test_rows_cannot_be_changed_or_removed_by_a_mistake_of_ours(db: StateDb) -> None:
    for statement in (
        "DELETE FROM audit",
        "UPDATE audit SET kind = 'other'",
        "UPDATE audit SET data = '{}'",
        "UPDATE audit SET data = NULL, at = 1",
    ):
        with pytest.raises(sqlite.IntegrityError, match="only grows"):
            async with db.write() as tx:
                await tx.execute(statement)


_BUT_THE_LAST = "at, session, run, client, kind, data, data_hash"


def manipulation(chance: random.Random, rows: int) -> list[str]:
    """Return statements that edit, remove, move, cut off or forge rows."""
    row, other = chance.sample(range(1, rows + 1), 2)
    forged = text_hash(str(chance.random()))
    column = chance.choice(("session", "run", "client", "kind", "data", "data_hash", "previous", "hash"))
    return chance.choice([
        [f"UPDATE audit SET {column} = {column} || 'x' WHERE seq = {row}"],
        [f"UPDATE audit SET at = at + {chance.randrange(1, 9)} WHERE seq = {row}"],
        [f"UPDATE audit SET data = '{{}}', data_hash = '{text_hash('{}')}' WHERE seq = {row}"],
        [f"UPDATE audit SET data = NULL WHERE seq = {row}"],
        [f"DELETE FROM audit WHERE seq = {row}"],
        [f"DELETE FROM audit WHERE seq >= {row}"],
        [f"DELETE FROM audit WHERE seq <= {row}"],
        ["DELETE FROM audit"],
        [f"DELETE FROM audit WHERE seq = {row}", f"UPDATE audit SET seq = seq - 1 WHERE seq > {row}"],
        [
            f"UPDATE audit SET seq = -1 WHERE seq = {row}",
            f"UPDATE audit SET seq = {row} WHERE seq = {other}",
            f"UPDATE audit SET seq = {other} WHERE seq = -1",
        ],
        [
            f"INSERT INTO audit SELECT {rows + 1}, {_BUT_THE_LAST}, '{forged}', hash"
            f" FROM audit WHERE seq = {row}"
        ],
        [
            f"DELETE FROM audit WHERE seq > {row}",
            f"INSERT INTO audit SELECT seq + 1, {_BUT_THE_LAST}, hash, '{forged}'"
            f" FROM audit WHERE seq = {row}",
        ],
    ])  # fmt: skip


@pytest.mark.req("SAFE-7")
@pytest.mark.programme("audit")
async def test_every_edit_deletion_and_cut_is_noticed(db: StateDb, mirror: Path, volume: Volume) -> None:
    await fill(db, 30)
    head = read_head(mirror)
    tamper(db.path)
    with closing(sqlite.connect(db.path)) as connection:
        rows = read_all(connection)
        assert check(rows, head).whole
        for number in range(volume(1_000, 1_000)):
            connection.execute("BEGIN")
            statements = manipulation(random.Random(number), len(rows))
            for statement in statements:
                connection.execute(statement)
            assert not check(read_all(connection), head).whole, statements
            connection.execute("ROLLBACK")


def read_all(connection: sqlite3.Connection) -> list[AuditRow]:
    found = connection.execute(
        "SELECT seq, at, session, run, client, kind, data, data_hash, previous, hash FROM audit ORDER BY seq"
    )
    return [AuditRow(*row) for row in found]


@pytest.mark.req("SAFE-7")
async def test_without_the_second_file_rows_missing_at_the_end_do_not_show(db: StateDb, mirror: Path) -> None:
    await fill(db, 10)
    tamper(db.path, "DELETE FROM audit WHERE seq > 6")
    found = await verdict(db, mirror)
    assert (found.broken, found.why) == (7, "rows 7 to 11 are missing at the end")
    async with db.read() as rx:
        assert check(await audit.list_rows(rx), Head()).whole, "the control: the chain alone is sound"


@pytest.mark.req("SAFE-7")
async def test_the_first_row_that_is_not_what_was_written_is_named(db: StateDb, mirror: Path) -> None:
    await fill(db, 10)
    tamper(db.path, "UPDATE audit SET data = '{}' WHERE seq IN (5, 8)")
    assert await verdict(db, mirror) == AuditVerdict(5, broken=5, why="its data were changed")


def rewritten(rows: list[AuditRow]) -> list[AuditRow]:
    """Return a log that somebody else wrote, with a chain that is sound."""
    made, previous = [], GENESIS
    for row in rows:
        digest = text_hash("{}")
        hashed = row_hash(row.seq, row.at, row.session, row.run, row.client, row.kind, digest, previous)
        made.append(
            AuditRow(
                row.seq, row.at, row.session, row.run, row.client, row.kind, "{}", digest, previous, hashed
            )
        )
        previous = hashed
    return made


@pytest.mark.req("SAFE-7")
async def test_a_log_written_anew_with_a_sound_chain_is_noticed(db: StateDb, mirror: Path) -> None:
    await fill(db, 10)
    async with db.read() as rx:
        forged = rewritten(await audit.list_rows(rx))
    assert check(forged, Head()).whole  # the control
    assert "replaced" in check(forged, read_head(mirror)).why


@pytest.mark.req("SAFE-7")
@pytest.mark.parametrize("again", [False, True], ids=["the same face", "another face"])
async def test_the_second_file_does_not_forget_what_a_cut_log_has_lost(
    db: StateDb, mirror: Path, again: bool
) -> None:
    await fill(db, 10)
    tamper(db.path, "DELETE FROM audit WHERE seq > 3")
    if again:
        await db.close()
        async with await StateDb.open(db.path, mirror) as other:
            await fill(other, 20)
            assert not (await verdict(other, mirror)).whole
    else:
        await fill(db, 20)
        assert not (await verdict(db, mirror)).whole


@pytest.mark.req("SAFE-7")
async def test_a_second_file_that_is_gone_is_not_made_anew_over_rows(db: StateDb, mirror: Path) -> None:
    await asyncio.to_thread(mirror.unlink)
    await fill(db, 2)
    assert read_head(mirror) is None
    assert "gone" in (await verdict(db, mirror)).why


@pytest.mark.req("SAFE-7", "SAFE-8")
async def test_a_process_that_dies_between_the_two_files_breaks_nothing(db: StateDb, mirror: Path) -> None:
    db.mirror = None
    await fill(db, 2)
    assert await verdict(db, mirror) == AuditVerdict(3, unmirrored=2)
    async with await StateDb.open(db.path, mirror) as other:
        assert await verdict(other, mirror) == AuditVerdict(3)


def cut_off_the_newer_line(mirror: Path) -> None:
    lines = mirror.read_bytes().split(b"\n")
    place = max((0, 1), key=lambda line: json.loads(lines[line])["seq"])
    lines[place] = lines[place][:60] + b" " * (len(lines[place]) - 60)
    mirror.write_bytes(b"\n".join(lines))


@pytest.mark.req("SAFE-7", "SAFE-8")
async def test_a_line_of_the_second_file_that_was_cut_off_leaves_the_other(db: StateDb, mirror: Path) -> None:
    await fill(db, 2)
    head = read_head(mirror)
    assert head is not None
    cut_off_the_newer_line(mirror)
    kept = read_head(mirror)
    assert kept is not None
    assert kept.seq == head.seq - 1
    await fill(db, 1)
    assert (await verdict(db, mirror)) == AuditVerdict(4)


@pytest.mark.req("SAFE-7", "SAFE-8")
async def test_data_deleted_on_request_leave_a_chain_that_can_be_checked(db: StateDb, mirror: Path) -> None:
    await fill(db, 3)
    async with db.write() as tx:
        assert await audit.erase(tx, "ses-1") == 4
        await audit.append(tx, AuditKind.DATA_DELETED, {"session": "ses-1"})
        assert [row.data for row in await audit.list_rows(tx, session="ses-1")] == [None] * 4
    assert (await verdict(db, mirror)).whole


@pytest.mark.req("SAFE-7")
@pytest.mark.parametrize("said", ["", "ses-2"])
async def test_data_that_are_gone_without_a_word_are_noticed(db: StateDb, mirror: Path, said: str) -> None:
    await fill(db, 3)
    async with db.write() as tx:
        await audit.erase(tx)
        if said:
            await audit.append(tx, AuditKind.DATA_DELETED, {"session": said})
    assert (await verdict(db, mirror)).broken == 1


@pytest.mark.req("SAFE-7")
async def test_no_known_secret_and_no_long_text_gets_into_the_log(db: StateDb) -> None:
    redaction.learn(["hunter2-hunter2"])
    async with db.write() as tx:
        await audit.append(
            tx, AuditKind.COMMAND_STARTED, {"argv": ["login", "-p=hunter2-hunter2", "x" * 100_000]}
        )
        (row,) = await audit.list_rows(tx, last=1)
    login, secret, long = row.content["argv"]
    assert (login, secret) == ("login", "-p=[secret]")
    assert len(long) < 5_000
    assert text_hash("x" * 100_000) in long
