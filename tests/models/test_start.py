"""Starting and meeting the model host; none of these waits for litellm."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import ModelError, StateError
from codelab_models.rendezvous import TOKEN_HEADER, address_at, find_rendezvous
from codelab_models.start import ask_health, ensure_host, host_environment
from codelab_models.transport import Address
from tests.support.model_host import end_process, own_places, started_hosts, wait_for_end

pytestmark = [pytest.mark.req("MODEL-2"), pytest.mark.slow]

SHORT = Settings(models=ModelSettings(idle_minutes=0.0005))

FACE = """
import asyncio, sys
from pathlib import Path
from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab_models.start import ask_health, ensure_host
home = Path(sys.argv[1])
places = Places(home / "config", home / "data", home / "cache")
print((asyncio.run(ask_health(asyncio.run(ensure_host(places, Settings()))))).pid)
print(sorted({"litellm", "llama_cpp", "openai", "starlette", "uvicorn"} & set(sys.modules)))
"""


@pytest.fixture
def places() -> Iterator[Places]:
    with own_places() as found:
        yield found


async def test_twenty_faces_at_once_start_one_host(places: Places) -> None:
    home = str(places.cache.parent)
    faces = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", FACE, home, stdout=subprocess.PIPE)
        for _ in range(20)
    ]
    pids = set()
    for face in faces:
        said = (await face.communicate())[0].decode().splitlines()
        pids.add(int(said[0]))
        assert said[1:] == ["[]"], "a face imported what belongs to the host"
    assert started_hosts(places) == list(pids), "one was started, and all twenty met it"


async def test_many_requests_of_one_face_at_once_start_one_host(places: Places) -> None:
    addresses = await asyncio.gather(*(ensure_host(places, Settings()) for _ in range(20)))
    pids = {(await ask_health(address)).pid for address in addresses}
    assert started_hosts(places) == list(pids)


async def test_a_host_that_was_killed_is_replaced_by_one(places: Places) -> None:
    pid = (await ask_health(await ensure_host(places, Settings()))).pid
    await asyncio.to_thread(end_process, pid, signal.SIGKILL)
    addresses = await asyncio.gather(*(ensure_host(places, Settings()) for _ in range(20)))
    (second,) = {(await ask_health(address)).pid for address in addresses}
    assert started_hosts(places) == [pid, second]


async def test_a_host_nobody_asks_ends_and_leaves_no_socket(places: Places) -> None:
    address = await ensure_host(places, SHORT)
    pid = started_hosts(places)[0]
    await asyncio.to_thread(wait_for_end, pid)
    assert address.socket is not None
    assert not address.socket.exists()
    assert "idle" in find_rendezvous(places).log.read_text()
    assert len({pid, (await ask_health(await ensure_host(places, Settings()))).pid}) == 2


async def test_only_the_person_can_open_the_socket(places: Places) -> None:
    address = await ensure_host(places, Settings())
    assert address.socket is not None
    assert stat.S_IMODE(address.socket.stat().st_mode) == 0o600
    folder = find_rendezvous(places).folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in (path for path in find_rendezvous(places).folder.iterdir() if path.is_file()):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


async def test_on_loopback_every_request_needs_the_token(places: Places) -> None:
    address = await ensure_host(places, Settings(), loopback=True)
    assert (await ask_health(address)).protocol == 1
    assert address.base_url.startswith("http://127.0.0.1:")
    for headers in ({}, {TOKEN_HEADER: "guess"}):
        with pytest.raises(ModelError):
            await ask_health(Address(address.base_url, headers=headers))
    assert await ensure_host(places, Settings(), loopback=True) == address
    assert stat.S_IMODE(find_rendezvous(places).address_file.stat().st_mode) == 0o600


async def test_what_is_left_of_a_killed_host_does_not_matter(places: Places) -> None:
    place = find_rendezvous(places)
    place.socket.touch()
    place.address_file.write_text(json.dumps({"port": 1, "token": "x"}))
    assert (await ask_health(await ensure_host(places, Settings()))).pid in started_hosts(places)


async def test_a_long_path_meets_in_a_short_folder(places: Places) -> None:
    long = Places(places.config, places.data, places.cache / ("long" * 30))
    place = find_rendezvous(long)
    assert len(os.fsencode(place.socket)) <= 100
    assert stat.S_IMODE(place.socket.parent.stat().st_mode) == 0o700
    assert place == find_rendezvous(long)
    other = find_rendezvous(Places(places.config, places.data, places.cache / ("x" * 99)))
    assert place.socket.parent != other.socket.parent
    for folder in (place.socket.parent, other.socket.parent):
        folder.rmdir()


def test_a_folder_that_is_a_link_is_refused(places: Places, tmp_path: Path) -> None:
    places.cache.mkdir(parents=True)
    (places.cache / "model-host").symlink_to(tmp_path)
    with pytest.raises(StateError, match="no plain folder of your own"):
        find_rendezvous(places)


def test_a_folder_that_others_may_enter_is_closed(places: Places) -> None:
    folder = places.cache / "model-host"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    find_rendezvous(places)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_cache_that_cannot_be_written_is_explained(places: Places) -> None:
    places.cache.parent.mkdir(exist_ok=True)
    places.cache.write_text("a file")
    with pytest.raises(StateError) as caught:
        find_rendezvous(places)
    assert caught.value.fix


async def test_a_host_that_cannot_start_says_why(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", str(places.cache))
    with pytest.raises(ModelError, match="cannot be started") as caught:
        await ensure_host(places, Settings())
    assert caught.value.why
    assert "models.endpoint" in caught.value.fix


async def test_a_program_that_is_no_host_is_recognised(places: Places) -> None:
    place = find_rendezvous(places)
    server = await asyncio.start_unix_server(_say_nonsense, str(place.socket))
    async with server:
        with pytest.raises(ModelError, match="protocol"):
            await ensure_host(places, Settings())
    assert address_at(place, loopback=True) is None


async def _say_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\n{"protocol":9}')
    await writer.drain()
    writer.close()


@pytest.mark.req("SAFE-6")
def test_nothing_that_may_be_a_key_reaches_the_environment_of_the_host() -> None:
    given = {
        **{f"{name}_API_KEY": "canary" for name in ("OPENAI", "ANTHROPIC", "CODELAB")},
        **{
            name: "canary"
            for name in ("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "ANYTHING_ELSE")
        },
        "PATH": "/bin",
        "CODELAB_HOME": "/h",
        "LC_ALL": "C",
        "https_proxy": "http://p",
    }
    kept = {"PATH": "/bin", "CODELAB_HOME": "/h", "LC_ALL": "C", "https_proxy": "http://p"}
    assert host_environment(given) == kept
