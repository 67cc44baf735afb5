"""Transactions: whole or not at all, whoever is cancelled or killed; readers; news of commits."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from codelab.core.errors import StateError
from codelab.store import runs, sessions, sqlite
from codelab.store.sessions import Session
from codelab.store.state import StateDb
from tests.programme.volume import Volume
from tests.support.killing import Victim
from tests.support.rights import GIVE_UP_RIGHTS
from tests.support.stored import store_basics

GUARD = 30  # seconds, against hanging


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[StateDb]:
    async with await StateDb.open(tmp_path / "state.db") as db:
        yield db


async def add_session(db: StateDb, session_id: str) -> None:
    async with db.write() as tx:
        await sessions.create(tx, Session(session_id, "", "", 1.0))


async def session_ids(db: StateDb) -> list[str]:
    async with db.read() as rx:
        return [session.id for session in await sessions.list_sessions(rx)]


@pytest.mark.req("AGENT-17")
async def test_a_block_that_raises_leaves_nothing_behind(db: StateDb) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.write() as tx:
            await store_basics(tx)
            raise ZeroDivisionError
    assert await session_ids(db) == []
    await add_session(db, "after")
    assert await session_ids(db) == ["after"]


@pytest.mark.req("AGENT-17")
async def test_readers_never_see_what_is_not_committed_nor_wait_for_it(db: StateDb) -> None:
    await add_session(db, "one")
    async with db.read() as old:
        async with db.write() as tx:
            await sessions.create(tx, Session("two", "", "", 1.0))
            assert await session_ids(db) == ["one"]
            assert len(await sessions.list_sessions(tx)) == 2
        assert [s.id for s in await sessions.list_sessions(old)] == ["two", "one"]  # its first query
        await add_session(db, "three")
        assert [s.id for s in await sessions.list_sessions(old)] == ["two", "one"]  # one snapshot
    assert await session_ids(db) == ["three", "two", "one"]


@pytest.mark.req("AGENT-17")
async def test_a_reader_cannot_write(db: StateDb) -> None:
    with pytest.raises(StateError):
        async with db.read() as rx:
            await sessions.create(rx, Session("x", "", "", 1.0))


@pytest.mark.req("AGENT-17")
async def test_writing_inside_writing_is_a_mistake_that_is_told_instead_of_hanging(db: StateDb) -> None:
    async with db.write():
        with pytest.raises(RuntimeError, match="already inside"):
            async with db.write():
                pass
    await add_session(db, "after")


@pytest.mark.req("AGENT-16", "SAFE-8")
async def test_a_task_cancelled_anywhere_in_a_transaction_leaves_all_or_nothing(db: StateDb) -> None:
    """Cancel after every number of steps of the event loop that the whole takes, from none on."""
    outcomes = set()
    steps = 0
    while True:
        started = asyncio.Event()

        async def work(steps: int = steps, started: asyncio.Event = started) -> None:
            async with db.write() as tx:
                started.set()
                await sessions.create(tx, Session(f"a{steps}", "", "", 1.0))
                await sessions.create(tx, Session(f"b{steps}", "", "", 1.0))

        task = asyncio.create_task(work())
        for _ in range(steps):
            await asyncio.sleep(0)
        finished = task.done()
        task.cancel()
        await asyncio.wait({task}, timeout=GUARD)
        ids = set(await session_ids(db))
        stored = (f"a{steps}" in ids, f"b{steps}" in ids)
        assert stored in {(True, True), (False, False)}
        assert task.cancelled() or stored == (True, True)
        outcomes.add(stored)
        assert not db._writer.in_transaction
        if finished:
            break
        steps += 1 + steps // 8
    assert outcomes == {(True, True), (False, False)}
    await add_session(db, "the next one is not in the way")


@pytest.mark.req("AGENT-16")
async def test_a_task_cancelled_twice_still_gives_the_lock_back(db: StateDb) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with db.write() as tx:
            await store_basics(tx)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=GUARD)
    assert task.cancelled()
    await add_session(db, "next")
    assert await session_ids(db) == ["next"]


@pytest.mark.req("AGENT-16")
async def test_writers_take_turns(db: StateDb) -> None:
    await asyncio.gather(*(add_session(db, f"s{n}") for n in range(50)))
    assert len(await session_ids(db)) == 50


OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from codelab.store import sessions
from codelab.store.state import StateDb
async def main():
    async with await StateDb.open(Path(sys.argv[1])) as db:
        print("open", flush=True)
        for line in sys.stdin:
            async with db.write() as tx:
                await sessions.create(tx, sessions.Session(line.strip(), "", "", 1.0))
asyncio.run(main())
"""


@pytest.mark.req("CARD-6")
async def test_commits_of_this_and_of_another_process_are_news(db: StateDb) -> None:
    changes = db.changes()
    async with asyncio.timeout(GUARD):
        await anext(changes)  # the first one only says that it listens
        news = asyncio.ensure_future(anext(changes))
        await add_session(db, "own")
        await news
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OTHER_PROCESS, str(db.path), stdin=-1, stdout=-1
        )
        assert child.stdin is not None
        assert child.stdout is not None
        await child.stdout.readline()
        child.stdin.write(b"theirs\n")
        child.stdin.close()
        while "theirs" not in await session_ids(db):
            await anext(changes)
        await child.wait()
    await changes.aclose()  # type: ignore[attr-defined]


@pytest.mark.req("CARD-6")
async def test_a_block_that_is_rolled_back_is_no_news(db: StateDb) -> None:
    changes = db.changes()
    await anext(changes)
    news = asyncio.ensure_future(anext(changes))
    with pytest.raises(ZeroDivisionError):
        async with db.write() as tx:
            await store_basics(tx)
            raise ZeroDivisionError
    async with db.read() as rx:
        await sessions.list_sessions(rx)
    assert not news.done()
    await add_session(db, "now")
    await asyncio.wait_for(news, GUARD)
    await changes.aclose()  # type: ignore[attr-defined]


@pytest.mark.req("CARD-6")
async def test_listeners_end_when_the_database_is_closed(tmp_path: Path) -> None:
    db = await StateDb.open(tmp_path / "state.db")

    async def listen() -> int:
        return len([None async for _ in db.changes()])

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    await db.close()
    assert await asyncio.wait_for(listening, GUARD) <= 1
    await db.close()


# Stores pairs of sessions and acknowledges each on its output once it is committed.
WRITER = """
import asyncio, sys
from pathlib import Path
from codelab.store import sessions
from codelab.store.state import StateDb
async def main():
    db = await StateDb.open(Path(sys.argv[1]))
    for n in range(10**9):
        async with db.write() as tx:
            for half in "ab":
                await sessions.create(tx, sessions.Session(f"{sys.argv[2]}-{n}-{half}", "x" * 2000, "", 1.0))
        print(f"{sys.argv[2]}-{n}", flush=True)
asyncio.run(main())
"""


@pytest.mark.programme("kills")
@pytest.mark.req("AGENT-17", "SAFE-8")
async def test_no_kill_loses_a_commit_or_leaves_half_of_one(tmp_path: Path, volume: Volume) -> None:
    path = tmp_path / "state.db"
    acknowledged: list[str] = []
    for kill in range(volume(8, 1_000)):
        victim = Victim(WRITER, path, f"k{kill}")
        acknowledged += victim.wait_for_lines(1 + kill * 3 % 20)
        acknowledged += victim.kill()
    async with await StateDb.open(path) as db, db.read() as rx:
        stored = {session.id for session in await sessions.list_sessions(rx, limit=10**6)}
    assert {f"{pair}-{half}" for pair in acknowledged for half in "ab"} <= stored
    assert {name.rpartition("-")[0] + "-a" for name in stored} <= stored
    assert {name.rpartition("-")[0] + "-b" for name in stored} <= stored


@pytest.mark.req("SAFE-8")
@pytest.mark.parametrize("damage", ["header", "truncated", "garbage"])
async def test_a_damaged_database_is_kept_and_a_copy_of_it_too(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "state.db"
    async with await StateDb.open(path) as db, db.write() as tx:
        await store_basics(tx)
    data = path.read_bytes()
    broken = {
        "header": b"\0" * 16 + data[16:],
        "truncated": data[: len(data) // 2],
        "garbage": b"garbage " * 1000,
    }[damage]
    path.write_bytes(broken)
    for _ in range(2):
        with pytest.raises(StateError, match="is damaged") as caught:
            async with await StateDb.open(path) as db, db.read() as rx:
                await runs.list_runs(rx)
                await sessions.list_sessions(rx)
                await rx.execute_fetchall("PRAGMA quick_check")
        assert "copy was kept" in caught.value.why
        assert caught.value.fix
    (copy,) = tmp_path.glob("*.damaged-*.db")  # noqa: ASYNC240 - nothing else goes on
    assert copy.read_bytes() == broken == path.read_bytes()


@pytest.mark.req("SAFE-8")
async def test_a_database_that_another_program_holds_is_told_in_words(
    db: StateDb,
) -> None:
    await db._writer.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite.connect(db.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match="locked"):
            await add_session(db, "x")
        other.execute("ROLLBACK")
    await add_session(db, "x")


# Fills the disk (a limit on file sizes), or closes the folder, in a process of its own.
TROUBLE = """
import asyncio, os, resource, signal, sys
from pathlib import Path
from codelab.core.errors import CodeLabError
from codelab.store import sessions
from codelab.store.state import StateDb
path, trouble = Path(sys.argv[1]), sys.argv[2]
async def main():
    db = await StateDb.open(path)
    async with db.write() as tx:
        await sessions.create(tx, sessions.Session("kept", "", "", 1.0))
    if trouble == "full":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    try:
        for n in range(40):
            async with db.write() as tx:
                await sessions.create(tx, sessions.Session(f"s{n}", "x" * 100_000, "", 1.0))
    except CodeLabError as error:
        print(type(error).__name__, error, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    async with db.write() as tx:
        await sessions.create(tx, sessions.Session("after", "", "", 1.0))
    await db.close()
asyncio.run(main())
"""


@pytest.mark.req("SAFE-8")
async def test_a_full_disk_is_told_in_words_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    done = subprocess.run(  # noqa: ASYNC221 - nothing else goes on
        [sys.executable, "-c", TROUBLE, str(path), "full"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("StateError CodeLab could not")
    async with await StateDb.open(path) as db:
        ids = await session_ids(db)
    assert {"kept", "after"} <= set(ids)


READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
from codelab.core.errors import CodeLabError
from codelab.store.state import StateDb
async def main():
    try: await StateDb.open(Path(sys.argv[1]))
    except CodeLabError as error: print(type(error).__name__, error)
asyncio.run(main())
"""


@pytest.mark.req("SAFE-8")
@pytest.mark.parametrize("inside", ["deep/state.db", "state.db"])
def test_a_folder_that_cannot_be_written_is_told_in_words(tmp_path: Path, inside: str) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    done = subprocess.run(
        [sys.executable, "-c", GIVE_UP_RIGHTS + READ_ONLY, str(closed / inside)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("StateError"), done.stderr
    assert "CODELAB_HOME" in done.stdout


@pytest.mark.req("SAFE-8")
def test_a_database_that_became_read_only_is_told_in_words(tmp_path: Path) -> None:
    asyncio.run(_make(tmp_path / "closed" / "state.db"))
    for path in (tmp_path / "closed").iterdir():
        path.chmod(0o444)
    (tmp_path / "closed").chmod(0o555)
    script = GIVE_UP_RIGHTS + READ_ONLY.replace(
        "await StateDb.open(Path(sys.argv[1]))",
        "\n"
        "        async with await StateDb.open(Path(sys.argv[1])) as db:\n"
        "            async with db.write() as tx: await tx.execute('DELETE FROM sessions')",
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "closed" / "state.db")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("StateError"), done.stdout + done.stderr


async def _make(path: Path) -> None:
    async with await StateDb.open(path) as db:
        await add_session(db, "kept")


def cancelled_while_opening(path: Path, turns: int) -> None:
    """Open a database in a loop of its own, and cancel that after so many turns of the loop."""

    async def begin() -> None:
        opening = asyncio.create_task(StateDb.open(path))
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        with suppress(asyncio.CancelledError):
            await (await opening).close()

    asyncio.run(begin())


@pytest.mark.req("CARD-6")
def test_cancelling_the_opening_leaves_no_connection_and_no_thread_that_fails(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    failed: list[object] = []
    threading.excepthook, before = failed.append, threading.excepthook
    try:
        for turns in range(0, 4000, 80):
            cancelled_while_opening(path, turns)
    finally:
        threading.excepthook = before
    assert not failed
    assert not [one for one in threading.enumerate() if "_connection_worker_thread" in one.name]
