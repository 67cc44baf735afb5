"""The worker as a process: elected, watching, and gone with its face."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.building.progress import lock_path
from codelab.index.files.repository import find_repository, index_folder
from codelab.index.reader import IndexReader
from codelab.index.storing import database
from codelab.index.supervisor import IndexSupervisor
from tests.index.helpers import PATIENCE_SECONDS, until, write

pytestmark = pytest.mark.slow

MOST_EVENTS = Path("/proc/sys/fs/inotify/max_queued_events")
CODE = "== a.py\ndef first_name():\n    pass\n== .gitignore\n*.tmp\n"


@asynccontextmanager
async def face(root: Path, places: Places) -> AsyncIterator[IndexSupervisor]:
    """Run a face's supervisor."""
    supervisor = IndexSupervisor(root, places, Settings())
    supervisor.start()
    try:
        yield supervisor
    finally:
        await supervisor.stop()


async def start(*command: str) -> asyncio.subprocess.Process:
    """Start a process whose standard streams are pipes."""
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)


def is_worker_alive(root: Path, places: Places) -> bool:
    """Tell whether a worker holds the workspace's lock."""
    try:
        with FileLock(lock_path(places, find_repository(root))).acquire(blocking=False):
            return False
    except Timeout:
        return True


def defines(reader: IndexReader, name: str) -> bool:
    """Tell whether a name is found where it is defined."""
    return bool(reader.find_symbols(name))


@pytest.mark.req("INDEX-1", "CARD-4")
async def test_what_happens_to_files_becomes_searchable_through_the_watcher(
    root: Path, places: Places, reader: IndexReader
) -> None:
    write(root, CODE)
    async with face(root, places) as supervisor:
        states = [status.state async for status in supervisor.progress()]
        assert states[0] == "building"
        assert states[-1] == "fresh"
        assert supervisor.status().files == 2
        write(root, "== a.py\ndef second_name():\n    pass\n== new/deep/b.py\ndef deep_name():\n    pass\n")
        await until(lambda: defines(reader, "second_name") and defines(reader, "deep_name"))
        assert not defines(reader, "first_name")
        (root / "new").rename(root / "moved")
        await until(lambda: [s.path for s in reader.find_symbols("deep_name")] == ["moved/deep/b.py"])
        (root / ".gitignore").write_text("moved/\n")
        await until(lambda: not defines(reader, "deep_name"))
        (root / ".gitignore").unlink()
        await until(lambda: defines(reader, "deep_name"))
        (root / "moved" / "deep" / "b.py").unlink()
        await until(lambda: not defines(reader, "deep_name"))
        database.remove(index_folder(places, find_repository(root)))
        await until(lambda: defines(reader, "second_name"))


@pytest.mark.req("INDEX-1")
async def test_one_of_two_faces_has_the_worker_and_the_other_takes_over_when_it_is_killed(
    root: Path, places: Places, reader: IndexReader
) -> None:
    write(root, CODE)
    async with face(root, places) as one:
        await one.wait_fresh(PATIENCE_SECONDS)
        async with face(root, places) as other:
            assert (await other.wait_fresh(PATIENCE_SECONDS)).state == "fresh"
            assert other.worker_pid is None
            assert one.worker_pid is not None
            loser = await start(sys.executable, "-m", "codelab.index.building.worker", "--root", str(root))
            said, _ = await loser.communicate(b"")
            assert (loser.returncode, said) == (0, b"")
            os.kill(one.worker_pid, signal.SIGKILL)
            write(root, "== late.py\ndef late_name():\n    pass\n")
            await until(lambda: defines(reader, "late_name"))
            assert one.worker_pid or other.worker_pid


@pytest.mark.req("INDEX-1")
async def test_events_that_the_system_dropped_are_made_up_for(
    root: Path, places: Places, reader: IndexReader
) -> None:
    write(root, CODE)
    (root / "node_modules").mkdir()
    most = int(MOST_EVENTS.read_text())  # noqa: ASYNC240
    async with face(root, places) as supervisor:
        await supervisor.wait_fresh(PATIENCE_SECONDS)
        write(root, "== watched.py\ndef watched_name():\n    pass\n")
        await until(lambda: defines(reader, "watched_name"))
        assert supervisor.worker_pid is not None
        os.kill(supervisor.worker_pid, signal.SIGSTOP)
        for number in range(most // 3 + 1):  # each is created, opened and closed, none of them matters
            (root / "node_modules" / f"{number}.js").touch()
        write(root, "== dropped.py\ndef dropped_name():\n    pass\n")
        os.kill(supervisor.worker_pid, signal.SIGCONT)
        await until(lambda: defines(reader, "dropped_name"))


@pytest.mark.req("INDEX-1")
async def test_the_sweep_in_between_finds_what_no_event_told(
    root: Path, places: Places, reader: IndexReader
) -> None:
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    write(root, "== inner/a.py\ndef inner_name():\n    pass\n")
    inner = root / "inner"
    often = (sys.executable, "-m", "codelab.index.building.worker", "--sweep-seconds", "0.2")
    supervisor = IndexSupervisor(inner, places, Settings(), command=often)
    inside = IndexReader.open(inner, places)
    await supervisor.wait_fresh(PATIENCE_SECONDS)
    await until(lambda: defines(inside, "inner_name"))
    (root / ".gitignore").write_text("a.py\n")  # outside of what is watched
    await until(lambda: not defines(inside, "inner_name"))
    inside.close()
    await supervisor.stop()


@pytest.mark.req("INDEX-1")
async def test_where_the_system_watches_no_more_folders_that_is_told_and_sweeps_find_what_changes(
    root: Path, places: Places, reader: IndexReader
) -> None:
    write(root, CODE)
    unwatched = (sys.executable, str(Path(__file__).with_name("unwatched_worker.py")))
    supervisor = IndexSupervisor(root, places, Settings(), command=unwatched)
    try:
        await supervisor.wait_fresh(PATIENCE_SECONDS)
        await until(lambda: "fs.inotify.max_user_watches" in supervisor.status().last_error)
        write(root, "== later.py\ndef later_name():\n    pass\n")
        await until(lambda: defines(reader, "later_name"))
        assert supervisor.status().last_error.startswith("Changes are seen late, by looking for them: ")
    finally:
        await supervisor.stop()
    async with face(root, places) as watching:
        await watching.wait_fresh(PATIENCE_SECONDS)
        write(root, "== watched.py\ndef watched_name():\n    pass\n")
        await until(lambda: defines(reader, "watched_name"))
        assert watching.status().last_error == "", "the control"


@pytest.mark.req("INDEX-1")
async def test_a_killed_face_leaves_no_worker(root: Path, places: Places) -> None:
    write(root, CODE)
    process = await start(sys.executable, str(Path(__file__).with_name("face.py")), str(root))
    assert process.stdout is not None
    assert int(await process.stdout.readline()) > 0
    assert is_worker_alive(root, places), "the control"
    process.kill()
    await process.communicate(b"")
    await until(lambda: not is_worker_alive(root, places))


@pytest.mark.req("INDEX-1")
async def test_the_worker_speaks_lines_of_json_and_ends_with_its_input(root: Path, places: Places) -> None:
    write(root, CODE)
    worker = await start(sys.executable, "-m", "codelab.index.building.worker", "--root", str(root))
    assert worker.stdout is not None
    assert json.loads(await worker.stdout.readline()) == {"elected": True}
    rest, errors = await worker.communicate(b"")  # closes its input
    assert (worker.returncode, rest, errors) == (0, b"", b"")
    assert not is_worker_alive(root, places)


@pytest.mark.req("INDEX-1")
async def test_a_worker_that_cannot_start_is_told_in_words_and_tried_again(
    tmp_path: Path, root: Path, places: Places
) -> None:
    started = tmp_path / "started"
    script = f"open({str(started)!r}, 'a').write('x'); raise SystemExit('out of order')"
    supervisor = IndexSupervisor(root, places, Settings(), command=(sys.executable, "-c", script))
    status = await supervisor.wait_fresh(PATIENCE_SECONDS)
    assert status.state == "failed"
    assert "out of order" in status.last_error
    await until(lambda: len(started.read_text()) >= 2)
    await supervisor.stop()


@pytest.mark.req("INDEX-1")
async def test_a_cache_that_cannot_be_used_is_told_to_the_face(root: Path, places: Places) -> None:
    places.cache.parent.mkdir(parents=True, exist_ok=True)
    places.cache.write_text("in the way")
    async with face(root, places) as supervisor:
        status = await supervisor.wait_fresh(PATIENCE_SECONDS)
        assert status.state == "failed"
        assert "set CODELAB_HOME" in status.last_error
        assert [one.state async for one in supervisor.progress()] == ["failed"]


@pytest.mark.req("INDEX-1", "CARD-4")
def test_the_worker_loads_neither_faces_nor_models() -> None:
    script = (
        "import sys, codelab.index.building.worker, codelab.index.supervisor, codelab.index.reader\n"
        "loaded = {name.partition('.')[0] for name in sys.modules} | set(sys.modules)\n"
        "print(sorted(loaded & {'litellm', 'mcp', 'pygls', 'lsprotocol', 'codelab_mcp', 'httpx'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
