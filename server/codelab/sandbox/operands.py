"""The files that a command names: the program that is executed, and what its arguments mean."""

import hashlib
import os
import stat
from functools import lru_cache
from pathlib import Path

from codelab.core.errors import CodeLabError, InputError
from codelab.core.wording import cause_of
from codelab.sandbox.types import Job
from codelab.workspace.paths import relative
from codelab.workspace.reading import content_hash, read_optional

_CHUNK = 1 << 20
_MOST_BYTES = 10_000_000


def find_program(job: Job) -> str:
    """Return the path of the file that a command executes, as the search path of its environment finds it.

    Raises:
        InputError: There is none.
    """
    name = job.argv[0]
    folder = job.root / job.directory
    if "/" in name:
        candidates = [folder / name]
    else:
        candidates = [Path(place) / name for place in job.environment["PATH"].split(os.pathsep)]
    for candidate in candidates:
        if os.access(candidate, os.X_OK) and candidate.is_file():
            return os.path.normpath(candidate)
    raise InputError(
        f"There is no program {name!r} that a command can run",
        why="It is in no folder of the search path that a sandbox can see",
        fix="Name one that is installed; a folder outside the workspace can be added to sandbox.readable",
    )


def file_hash(path: str) -> str:
    """Return the SHA-256 of a file, remembered as long as the file is the same by all that ``stat`` tells.

    Raises:
        InputError: It cannot be read.
    """
    try:
        status = os.stat(path)
        return _hash(
            path, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        )
    except OSError as error:
        raise InputError(f"{path} cannot be read", why=cause_of(error), fix="Check its rights") from error


@lru_cache(maxsize=256)
def _hash(path: str, identity: tuple[int, ...]) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def operands_of(job: Job) -> tuple[tuple[str, str], ...]:
    """Return the files of the workspace that a command's arguments name, each with its SHA-256."""
    found: dict[str, str] = {}
    for argument in job.argv[1:]:
        for text in (argument, *argument.split("=", 1)[1:], *argument.split()):
            try:
                path = relative(
                    job.root, os.path.join(job.directory, text) if not text.startswith("/") else text
                )
                if path in job.unsaved:
                    found[path] = content_hash(job.unsaved[path])
                elif stat.S_ISREG((job.root / path).lstat().st_mode):
                    found[path] = content_hash(read_optional(job.root, path, limit=_MOST_BYTES))
            except (CodeLabError, OSError, ValueError):
                continue  # it names no file
    return tuple(sorted(found.items()))
