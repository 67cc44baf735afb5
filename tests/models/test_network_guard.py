"""The guard that keeps tests off the network; without it, the attempts below would go out."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import network
from tests.support.network import attempts_expected, guard_variables

pytestmark = [pytest.mark.req("MODEL-5"), pytest.mark.slow]

TRY_TO_LEAVE = """
import socket
for reach in (lambda: socket.create_connection(("192.0.2.1", 80), 0.01),
              lambda: socket.getaddrinfo("models.example", 443),
              lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53))):
    try:
        reach()
    except OSError:
        pass  # a child that swallows its failure
"""


@pytest.fixture(autouse=True)
def _guarded(network_guard: None) -> None:
    """Use the fixture that the whole suite uses."""


network_guard = network.network_guard


def test_this_process_cannot_leave() -> None:
    with attempts_expected() as seen:
        with pytest.raises(OSError, match="may not reach"):
            socket.create_connection(("192.0.2.1", 80))
        with pytest.raises(socket.gaierror):
            socket.getaddrinfo("models.example", 443)
    assert [line.split()[0] for line in seen] == ["socket.connect", "socket.getaddrinfo"]


async def test_asyncio_cannot_leave_either() -> None:
    with attempts_expected() as seen, pytest.raises(OSError, match="may not reach"):
        await asyncio.open_connection("192.0.2.1", 80)
    assert len(seen) >= 1


@pytest.mark.parametrize("environment", ["inherited", "made from nothing"])
def test_a_child_that_swallows_its_failure_is_found_out(environment: str) -> None:
    env = None if environment == "inherited" else guard_variables()
    with attempts_expected() as seen:
        subprocess.run([sys.executable, "-c", TRY_TO_LEAVE], check=True, env=env)
    assert [line.split()[0] for line in seen] == ["socket.connect", "socket.getaddrinfo", "socket.sendto"]


def test_without_the_guard_a_child_is_not_found_out() -> None:
    names = {"PYTHONPATH": "", network.LOG_VARIABLE: guard_variables()[network.LOG_VARIABLE]}
    look = "import sys; print('network_guard' in str(sys.modules.get('sitecustomize')))"
    for env, watched in ((os.environ | names, "False"), (os.environ | guard_variables(), "True")):
        ran = subprocess.run(
            [sys.executable, "-c", look], check=True, env=env, capture_output=True, text=True
        )
        assert ran.stdout.strip() == watched


def test_a_test_whose_child_tries_the_network_fails(pytester_like: Path) -> None:
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:asyncio",
            str(pytester_like),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=pytester_like,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert "1 passed, 1 error" in ran.stdout, ran.stdout
    assert "192.0.2.1" in ran.stdout


@pytest.fixture
def pytester_like(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text("from tests.support.network import network_guard\n")
    (tmp_path / "test_it.py").write_text(
        "import subprocess, sys\n"
        f"def test_it():\n    subprocess.run([sys.executable, '-c', {TRY_TO_LEAVE!r}])\n"
    )
    return tmp_path


def test_loopback_and_unix_sockets_stay_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as client:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        client.connect(str(tmp_path / "s"))
