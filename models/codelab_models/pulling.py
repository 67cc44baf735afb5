"""Downloads a file of the hub: goes on where an earlier download stopped, and keeps nothing unverified.

huggingface_hub itself begins anew after each interruption (it downloads to a file of its own each time), so
it is asked for addresses, sizes and checksums, and the bytes are fetched here.
"""

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from codelab.core.errors import InputError, ModelError, StateError
from codelab_models.failures import FailureKind, failure
from codelab_models.hub import HubFile, hub_unreachable

PIECE_BYTES = 1024 * 1024
SILENCE_SECONDS = 60.0
ATTEMPTS = 5  # without a byte coming
PAUSE_SECONDS = 1.0
SPARE_BYTES = 256 * 1024 * 1024
_UNFINISHED = ".unfinished"

Progress = Callable[[str, int, int], None]
"""Is told what is being done (``downloading``, ``verifying``), and how many of how many bytes are done."""


class _Broken(Exception):
    """A connection that ended too early, or never came to be."""


def pull(
    file: HubFile,
    folder: Path,
    progress: Progress,
    *,
    spare_bytes: int = SPARE_BYTES,
    pause_seconds: float = PAUSE_SECONDS,
) -> Path:
    """Download a file, or return the one that is there.

    Args:
        file: What the hub says about it.
        folder: Where models are kept; the file gets a folder of its owner and repository in it.
        progress: Is told how far it is.
        spare_bytes: Room that must be left on the disk.
        pause_seconds: Wait before the second attempt after a break; it doubles for each further one.

    Returns:
        Where it is. What stands there was verified.

    Raises:
        ModelError: The hub broke off too often, refused, or sent something else than it had said.
        StateError: There is no room for it, or the folder cannot be written.
        InputError: Another process is downloading it.
    """
    done = folder / file.repository / file.name
    if done.is_file() and done.stat().st_size == file.size:
        return done
    unfinished = folder / _UNFINISHED
    part = unfinished / f"{file.sha256}.part"
    try:
        for needed in (done.parent, unfinished):
            needed.mkdir(parents=True, exist_ok=True)
        lock = FileLock(part.with_suffix(".lock"))
        with lock.acquire(blocking=False):
            _check_room(file, part, spare_bytes)
            _fetch_all(file, part, progress, pause_seconds)
            _verify(file, part, progress)
            os.replace(part, done)
    except Timeout:
        raise InputError(
            f"{file.name} is being downloaded by another CodeLab", fix="Wait for it, or end it first"
        ) from None
    except OSError as error:
        raise _no_room(file, folder, error) from error
    part.with_suffix(".lock").unlink(missing_ok=True)
    return done


def _check_room(file: HubFile, part: Path, spare_bytes: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if file.size - _size(part) + spare_bytes > free:
        raise OSError(errno.ENOSPC, f"{free / 1e9:.1f} GB are free")


def _fetch_all(file: HubFile, part: Path, progress: Progress, pause_seconds: float) -> None:
    in_vain = 0
    while (there := _size(part)) < file.size:
        try:
            _fetch(file, part, there, progress)
        except _Broken as broken:
            in_vain = 0 if _size(part) > there else in_vain + 1
            if in_vain == ATTEMPTS:
                raise hub_unreachable("the hub", broken) from broken
            time.sleep(pause_seconds * 2 ** max(0, in_vain - 1))
    if _size(part) > file.size:
        part.unlink()
        raise _other_file(file, "It is longer than the hub had said")


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _fetch(file: HubFile, part: Path, there: int, progress: Progress) -> None:
    """Fetch what is missing in one request.

    Raises:
        ModelError: The hub refuses.
        _Broken: The connection did; what has come is in the file.
    """
    import httpx

    headers = {**file.headers, "Accept-Encoding": "identity"}
    if there:
        headers["Range"] = f"bytes={there}-"
    timeout = httpx.Timeout(SILENCE_SECONDS)
    try:
        # httpx leaves the token out of a redirect to another host, as that to the hub's storage.
        with httpx.stream(
            "GET", file.url, headers=headers, timeout=timeout, follow_redirects=True
        ) as response:
            if response.status_code not in (200, 206):
                raise _refused(response.status_code)
            begun_anew = response.status_code == 200
            with part.open("wb" if begun_anew else "ab") as kept:
                size = 0 if begun_anew else there
                for piece in response.iter_raw():
                    size += len(piece)
                    kept.write(piece)
                    progress("downloading", min(size, file.size), file.size)
                    if size > file.size:
                        return
    except httpx.HTTPError as error:
        raise _Broken(str(error) or type(error).__name__) from error


def _verify(file: HubFile, part: Path, progress: Progress) -> None:
    digest = hashlib.sha256()
    with part.open("rb") as read:
        size = 0
        while piece := read.read(PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
            progress("verifying", size, file.size)
    if digest.hexdigest() != file.sha256:
        part.unlink()
        raise _other_file(file, "Its checksum is not the one that the hub gives")


def _other_file(file: HubFile, why: str) -> ModelError:
    return failure(
        FailureKind.GARBAGE,
        f"What came is not {file.name}; it was deleted",
        why=why,
        fix="Pull it again; if that does not help, check HF_ENDPOINT and the proxy",
    )


def _refused(status: int) -> ModelError:
    return failure(
        FailureKind.SERVER,
        "The hub does not send the file",
        why=f"It answered with status {status}",
        fix="Try again later; what is there already is kept",
    )


def _no_room(file: HubFile, folder: Path, error: OSError) -> StateError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StateError(
            f"There is no room for the {file.size / 1e9:.1f} GB of {file.name} in {folder}",
            why=error.strerror or "The disk is full",
            fix="Make room and pull it again: what is there already is kept; or set CODELAB_HOME elsewhere",
        )
    return StateError(
        f"{folder} cannot be written",
        why=error.strerror or type(error).__name__,
        fix="Correct its permissions, or set CODELAB_HOME to another folder",
    )
