"""The server as a process: what it writes where, and how it ends."""

import asyncio
import os
import signal
import sys
import textwrap
from pathlib import Path

import pytest

from tests.programme.volume import Volume
from tests.support.lsp_client import PATIENCE_SECONDS, RawClient, started
from tests.support.model_server import When, scripted_model

pytestmark = pytest.mark.slow

NOISY_SERVER = textwrap.dedent("""
    import ctypes, os, subprocess, sys
    from codelab.core.errors import InputError
    from codelab.lsp.server import serve

    async def open_noisily(root, face):
        print("printed")
        os.write(1, b"written\\n")
        ctypes.CDLL(None).puts(b"from C")
        ctypes.CDLL(None).fflush(None)
        child = "import sys; print('from a child', repr(sys.stdin.read()))"
        subprocess.run([sys.executable, "-c", child], check=True, timeout=30)
        raise InputError("Opened noisily")

    if len(sys.argv) > 1:  # the control: a server that leaves descriptor 1 where it is
        from codelab.core.stdio import ProtocolStreams
        from codelab.lsp import server
        server.take_standard_streams = lambda: ProtocolStreams(open(0, "rb", 0), open(1, "wb", 0))
    sys.exit(serve(open_noisily))
""")

NOISES = ('print("printed")', "os.write(1", "puts(", "subprocess.run")

STUCK_SERVER = textwrap.dedent("""
    import asyncio, sys, threading
    from codelab.core.errors import InputError
    from codelab.lsp.server import serve

    async def open_stuck(root, face):
        threading.Thread(target=threading.Event().wait).start()
        asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
        raise InputError("Opened and stuck")

    sys.exit(serve(open_stuck))
""")

PARENT = textwrap.dedent("""
    import os, subprocess, sys, time
    # The server inherits a pipe whose other end lives on elsewhere; this process is only its parent.
    child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=0, stdout=1, close_fds=False)
    print(child.pid, file=sys.stderr, flush=True)
    time.sleep(600)
""")

QUIET_SERVER = textwrap.dedent("""
    import sys
    from codelab.core.errors import InputError
    from codelab.lsp.server import serve

    async def refuse(root, face):
        raise InputError("Refused")

    sys.exit(serve(refuse))
""")


async def open_and_wait(client: RawClient, root: Path, text: str, process_id: int | None = None) -> None:
    await client.initialize(root, process_id=process_id)
    await client.wait_for_message(text)


@pytest.mark.programme("purity")
@pytest.mark.req("CARD-1")
async def test_nothing_but_the_protocol_reaches_the_client(tmp_path: Path, volume: Volume) -> None:
    assert sum(noise in NOISY_SERVER for noise in NOISES) == volume(4, 4)
    async with started((sys.executable, "-c", NOISY_SERVER)) as client:
        await open_and_wait(client, tmp_path, "Opened noisily")
        assert await client.exit() == 0
        assert client.stray == b""


@pytest.mark.req("CARD-1")
async def test_without_moving_the_descriptor_the_noise_would_reach_the_client(tmp_path: Path) -> None:
    async with started((sys.executable, "-c", NOISY_SERVER, "control")) as client:
        await client.initialize(tmp_path)
        client.close_input()  # else the child reads what is meant for the server
        await client.ended()
        assert b"written" in client.stray


@pytest.mark.req("CARD-1")
async def test_the_server_ends_when_its_input_does_even_with_a_thread_that_is_stuck(tmp_path: Path) -> None:
    async with started((sys.executable, "-c", STUCK_SERVER)) as client:
        await open_and_wait(client, tmp_path, "Opened and stuck")
        client.close_input()
        assert await client.ended() == 1


@pytest.mark.req("CARD-1")
async def test_the_server_ends_when_nobody_takes_what_it_writes(tmp_path: Path) -> None:
    async with started((sys.executable, "-c", QUIET_SERVER)) as client:
        await client.initialize(tmp_path)
        assert client.process is not None
        client.process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        await client.notify("initialized", {})
        await client.begin("textDocument/codeAction", {})
        assert await asyncio.wait_for(asyncio.shield(client.code), PATIENCE_SECONDS) == 1


@pytest.mark.req("CARD-1")
async def test_the_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    async with started((sys.executable, "-c", PARENT, QUIET_SERVER)) as client:
        assert client.process is not None
        parent = client.process.pid
        await open_and_wait(client, tmp_path, "Refused", process_id=parent)
        os.kill(parent, signal.SIGKILL)
        await asyncio.wait_for(client._reading, PATIENCE_SECONDS)  # the server's end of the pipe is closed


@pytest.mark.req("CARD-1")
async def test_the_server_ends_in_order_when_it_is_told_to(tmp_path: Path) -> None:
    async with started((sys.executable, "-c", QUIET_SERVER)) as client:
        await open_and_wait(client, tmp_path, "Refused")
        assert client.process is not None
        client.process.send_signal(signal.SIGTERM)
        assert await client.ended() == 1


@pytest.mark.req("CARD-1", "AGENT-7")
@pytest.mark.parametrize("way", ["its input ends", "it is killed"])
async def test_a_server_whose_client_vanishes_in_the_middle_of_a_run_leaves_nothing_behind(
    codelab_home: Path, tmp_path: Path, way: str
) -> None:
    (codelab_home / "config").mkdir()
    (tmp_path / "a.py").write_text("a = 1\n")
    with scripted_model([When(role="user").say("I think ").stall()]) as model:
        (codelab_home / "config" / "config.toml").write_text(
            f'[models]\nendpoint = "{model.base_url}"\nchat = "scripted"\n'
        )
        async with started() as client:
            await client.initialize(tmp_path)
            started_run = await client.command("codelab.run", {"task": "do it", "wait": False})
            await model.requested(1)
            assert client.process is not None
            if way == "it is killed":
                client.process.kill()
            client.close_input()
            assert await client.ended() == (-signal.SIGKILL if way == "it is killed" else 1)
        async with started() as client:  # and the run is there to be taken up again
            client.answers["window/showMessageRequest"] = lambda _params: {"title": "End it"}
            await client.initialize(tmp_path)
            assert await client.wait_for_message("Ended") == 'Ended: "do it".'
            assert (await client.command("codelab.status", {"show": False}))["runs_active"] == 0
            assert started_run["run"].startswith("run-")
            assert await client.exit() == 0
