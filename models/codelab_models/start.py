"""Finds the model host, or starts it: race-safely, detached, with no key in its environment."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from filelock import FileLock, Timeout

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.core.errors import ModelError
from codelab_models.explaining import parsed
from codelab_models.failures import FailureKind, ModelFailure, failure, one_line
from codelab_models.rendezvous import PROTOCOL, Rendezvous, address_at, find_rendezvous
from codelab_models.transport import Address, exchange, told
from codelab_models.versions import is_older, own_version

START_SECONDS = 60.0
READY_SECONDS = 120.0
HEALTH_SECONDS = 15.0
LOOK_AGAIN_SECONDS = 0.03
ON_LOOPBACK = os.name == "nt"

_KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"),
        *("SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA", "USERPROFILE"),
        *("PROGRAMDATA", "HOMEDRIVE", "HOMEPATH", "NUMBER_OF_PROCESSORS", "REQUESTS_CA_BUNDLE"),
        "DBUS_SESSION_BUS_ADDRESS",  # leads to the keyring
        *("CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    }
)
_KEPT_BEGINNINGS = ("LC_", "XDG_", "SSL_CERT_", "PYTHON", "CODELAB_")
_SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTH")


@dataclass(frozen=True, slots=True)
class Health:
    """What a host says about itself; ``ready`` once the providers are loaded."""

    version: str
    protocol: int
    pid: int
    uptime_seconds: float
    ready: bool


async def ensure_host(places: Places, settings: Settings, *, loopback: bool = ON_LOOPBACK) -> Address:
    """Return the address of the person's model host, started if there is none.

    Any number of faces may call this at once: one host comes of it. A host of an older CodeLab is asked to
    make room for one of this version, and ends once it has answered what it was asked; one of a newer CodeLab
    is used, since it speaks the same protocol.

    Args:
        places: Where the host's folder is.
        settings: ``models.idle_minutes`` for a host that is started now.
        loopback: Meet on a loopback port and a token, where there are no unix sockets.

    Raises:
        ModelError: It cannot be started or does not answer.
        StateError: Its folder cannot be used.
    """
    place = find_rendezvous(places)
    own = own_version()
    found = await _answering(place, loopback)
    if found is not None and not is_older(found.version, own):
        return found.address
    lock = FileLock(place.start_lock, mode=PRIVATE)
    await _acquire(lock)
    try:
        found = await _answering(place, loopback)
        if found is not None and not (is_older(found.version, own) and await _retires(found.address, own)):
            return found.address
        process = _spawn(places, place, settings, loopback)
        return await _wait_for(process, place, loopback)
    finally:
        lock.release()


async def ask_health(address: Address, *, path: str = "/health", seconds: float = HEALTH_SECONDS) -> Health:
    """Ask a host how it is.

    Args:
        address: Where it is.
        path: ``/ready`` is answered once the providers are loaded.
        seconds: Longest wait.

    Raises:
        ModelError: It cannot be reached, is no host, or speaks another protocol.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(seconds), exchange(address, path, None, seconds=seconds) as response:
            with told(address):
                async for piece in response.aiter_raw():
                    body += piece
    except TimeoutError as error:
        why = f"It is there and said nothing for {seconds:g} s"
        raise failure(FailureKind.SLOW, f"{address.where} does not answer", why=why, fix=_END_IT) from error
    said = parsed(bytes(body).decode("utf-8", "replace"))
    if not isinstance(said, dict) or said.get("protocol") != PROTOCOL:
        raise failure(
            FailureKind.GARBAGE,
            f"{address.where} is not one that this CodeLab understands",
            why=f"It does not speak protocol {PROTOCOL}",
            fix=_END_IT,
        )
    if path == "/ready" and (broken := said.get("error")):  # without them, local models still answer
        raise failure(
            FailureKind.SERVER,
            f"{address.where} cannot load the providers",
            why=one_line(str(broken)),
            fix="Install CodeLab again; its package litellm does not load",
        )
    return Health(
        str(said.get("version", "")),
        PROTOCOL,
        int(said.get("pid", 0)),
        float(said.get("uptime_seconds", 0)),
        bool(said.get("ready")),
    )


PRIVATE = 0o600
"""Who may read what the host leaves in its folder, which nobody else may enter either."""

_END_IT = "Restart the editor; if that does not help, end the process `codelab_models.host`"


async def ready_host(places: Places, settings: Settings) -> Address:
    """Return the address of a host whose providers are loaded; see ``ensure_host``."""
    address = await ensure_host(places, settings)
    if not (await ask_health(address)).ready:
        await ask_health(address, path="/ready", seconds=READY_SECONDS)
    return address


def host_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what of a face's environment the host may have: nothing that could be a key."""
    return {
        name: value
        for name, value in environ.items()
        if (name.upper() in _KEPT or name.startswith(_KEPT_BEGINNINGS))
        and not any(word in name.upper() for word in _SECRET_WORDS)
    }


@dataclass(frozen=True, slots=True)
class _Running:
    """A host that answers, and which CodeLab it is of."""

    address: Address
    version: str


async def _answering(place: Rendezvous, loopback: bool) -> _Running | None:
    address = address_at(place, loopback=loopback)
    if address is None:
        return None
    try:
        health = await ask_health(address)
    except ModelFailure as error:
        if error.kind in (FailureKind.UNREACHABLE, FailureKind.CUT):
            return None
        if error.kind is FailureKind.GARBAGE and loopback:
            return None  # another program has the port of a host that was killed
        raise
    return _Running(address, health.version)


async def _retires(address: Address, own: str) -> bool:
    """Ask an older host to make room; False if it does not know how, and must do as it is."""
    try:
        async with (
            asyncio.timeout(HEALTH_SECONDS),
            exchange(address, f"/retire?for={own}", None, seconds=HEALTH_SECONDS, method="POST") as response,
        ):
            return response.status_code == 200
    except TimeoutError:
        return False
    except ModelFailure as error:
        return error.kind in (FailureKind.UNREACHABLE, FailureKind.CUT)  # it has ended meanwhile


async def _acquire(lock: FileLock) -> None:
    clock = asyncio.get_running_loop().time
    ends = clock() + START_SECONDS
    while True:
        with suppress(Timeout):
            lock.acquire(blocking=False)
            return
        if clock() > ends:
            raise _not_started("Another program has been starting it for too long")
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def _spawn(
    places: Places, place: Rendezvous, settings: Settings, loopback: bool
) -> "subprocess.Popen[bytes]":
    """Start a host that outlives this process and shares nothing with it."""
    # -P: what lies in the current folder is never imported.
    command = [sys.executable, "-P", "-m", "codelab_models.host", "--folder", str(place.folder)]
    command += ["--data", str(places.data)]
    command += ["--idle-minutes", str(settings.models.idle_minutes)]
    command += ["--config", str(places.user_config), "--models", str(places.models)]
    if loopback:
        command.append("--loopback")
    detached = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    try:
        with open(place.start_log, "wb", opener=_private) as said:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                cwd=place.folder,
                env=host_environment(os.environ),
                start_new_session=True,
                creationflags=detached,
            )
    except OSError as error:
        raise _not_started(error.strerror or type(error).__name__) from error
    # Whoever is still there when the host ends takes it off the process table.
    threading.Thread(target=process.wait, name="model host", daemon=True).start()
    return process


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE)


async def _wait_for(process: "subprocess.Popen[bytes]", place: Rendezvous, loopback: bool) -> Address:
    clock = asyncio.get_running_loop().time
    ends = clock() + START_SECONDS
    while clock() < ends:
        ended = process.returncode is not None
        if found := await _answering(place, loopback):
            return found.address
        if ended:
            raise _not_started(_last_words(place) or f"It ended at once with code {process.returncode}")
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    raise _not_started(f"It did not answer within {START_SECONDS:g} s")


def _last_words(place: Rendezvous) -> str:
    with suppress(OSError):
        lines = place.start_log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
    return ""


def _not_started(why: str) -> ModelError:
    return failure(
        FailureKind.UNREACHABLE,
        "The model host cannot be started",
        why=why,
        fix="`codelab doctor` checks the installation; `models.endpoint` does without the host",
    )
