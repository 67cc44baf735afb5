"""The threads that carry bytes."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pygls.io_ import StdinAsyncReader

from codelab.lsp.framer import FrameError
from codelab.lsp.parent import process_runs
from codelab.lsp.transport import IncomingThread, OutgoingThread
from tests.support.lsp_client import PATIENCE_SECONDS, frame


@pytest.mark.req("CARD-1")
async def test_reading_does_not_wait_for_long_jobs() -> None:
    loop = asyncio.get_running_loop()
    release = threading.Event()
    pool = ThreadPoolExecutor(1)
    pool.submit(release.wait)
    loop.set_default_executor(pool)
    come: asyncio.Queue[object] = asyncio.Queue()
    ours, theirs = os.pipe(), os.pipe()
    for _, writing in (ours, theirs):
        os.write(writing, frame({"a": 1}))
    control = StdinAsyncReader(os.fdopen(theirs[0], "rb"), pool)
    line = asyncio.ensure_future(control.readline())
    IncomingThread(ours[0], loop, come.put_nowait, come.put_nowait).start()
    assert await asyncio.wait_for(come.get(), PATIENCE_SECONDS) == {"a": 1}
    assert not line.done()  # the control: pygls waits for the job
    release.set()
    assert await line == b"Content-Length: 8\r\n"
    for _, writing in (ours, theirs):
        os.close(writing)
    assert await asyncio.wait_for(come.get(), PATIENCE_SECONDS) is None
    os.close(ours[0])
    control.stdin.close()
    pool.shutdown()


@pytest.mark.req("CARD-1")
async def test_the_end_in_the_middle_of_a_message_is_told_apart() -> None:
    reading, writing = os.pipe()
    end: asyncio.Queue[FrameError | None] = asyncio.Queue()
    IncomingThread(reading, asyncio.get_running_loop(), lambda _message: None, end.put_nowait).start()
    os.write(writing, b"Content-Le")
    os.close(writing)
    problem = await asyncio.wait_for(end.get(), PATIENCE_SECONDS)
    assert problem is not None and "middle" in problem.message
    os.close(reading)


@pytest.mark.req("CARD-1")
def test_writing_never_waits_for_a_client_that_does_not_read() -> None:
    reading, writing = os.pipe()
    lost = threading.Event()
    outgoing = OutgoingThread(writing, lost.set)
    for _ in range(65):
        outgoing.write(bytes(1 << 20))  # far more than a pipe holds
    assert lost.wait(PATIENCE_SECONDS)  # beyond the limit the client is taken for gone
    os.close(reading)
    outgoing.close(PATIENCE_SECONDS)
    os.close(writing)


@pytest.mark.req("CARD-1")
def test_what_was_written_arrives_before_the_end() -> None:
    reading, writing = os.pipe()
    outgoing = OutgoingThread(writing, lambda: None)
    outgoing.write(b"one ")
    outgoing.write(b"two")
    outgoing.close(PATIENCE_SECONDS)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        assert file.read() == b"one two"


@pytest.mark.req("CARD-1")
def test_a_process_is_known_to_run_or_not() -> None:
    assert process_runs(os.getpid())
    assert not process_runs(2**22 + 1)
    assert not process_runs(0) and not process_runs(-1) and not process_runs(2**70)
