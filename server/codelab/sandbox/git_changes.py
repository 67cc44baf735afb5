"""What a git command has written of the repository itself, brought over piece by piece.

The layer is as hostile as the command. Only new objects, branches, their logs, the index and HEAD are taken,
each only where it is what its name says; configuration, hooks and all else of ``.git`` stays as it is.
"""

import hashlib
import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codelab.core.errors import EditConflict
from codelab.sandbox.stage import Stage
from codelab.workspace.files import ABSENT, content_hash, write_atomic
from codelab.workspace.reading import read_bytes, read_optional

MOST_BYTES = 100_000_000
"""Of one object, and of the index."""
_MOST_UNPACKED = 1_000_000_000
_PIECE = 1_000_000
_LOCK = ".git/index.lock"  # by which git's own commands keep out of each other's way


@dataclass(frozen=True, slots=True)
class _Kind:
    """Files of a repository, in the order in which they are brought over, and what they must hold."""

    name: re.Pattern[str]
    holds: Callable[[str, bytes], bool]


def is_object(path: str, data: bytes) -> bool:
    """Tell whether a file holds the object that its path names."""
    named = "".join(path.split("/")[-2:])
    digest = hashlib.sha1(usedforsecurity=False) if len(named) == 40 else hashlib.sha256()
    unpacking, size = zlib.decompressobj(), 0
    try:
        while not unpacking.eof and size <= _MOST_UNPACKED:  # piece by piece: little may unpack to very much
            piece = unpacking.decompress(data, _PIECE)
            digest.update(piece)
            size += len(piece)
            data = unpacking.unconsumed_tail
            if not piece and not data:
                break
    except zlib.error:
        return False
    return unpacking.eof and digest.hexdigest() == named


def _matches(pattern: str) -> Callable[[str, bytes], bool]:
    compiled = re.compile(pattern.encode(), re.DOTALL)
    return lambda _path, data: compiled.fullmatch(data) is not None


_BRANCH = r"(?!\S*(?:\.\.|\.lock\b|//|@\{))[^\x00-\x20~^:?*\[\\\x7f]+"
_ID = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
# gitformat-index and git-update-ref(1) say what these files hold.
_KINDS = (
    _Kind(re.compile(r"\.git/objects/[0-9a-f]{2}/[0-9a-f]{38}(?:[0-9a-f]{24})?"), is_object),
    _Kind(re.compile(rf"\.git/logs/(?:HEAD|refs/heads/{_BRANCH})"), _matches(rf"(?:{_ID} {_ID} [^\0]*\n)+")),
    _Kind(re.compile(rf"\.git/refs/heads/{_BRANCH}"), _matches(rf"{_ID}\n")),
    _Kind(re.compile(r"\.git/index"), _matches(r"DIRC.*")),
    _Kind(re.compile(r"\.git/HEAD"), _matches(rf"ref: refs/heads/{_BRANCH}\n")),
)


def bring_over_git(stage: Stage, root: Path) -> list[str]:
    """Bring what a git command has added to the repository from its layer to the workspace.

    Args:
        stage: The command's folder, after its end.
        root: The workspace.

    Returns:
        The paths that were written, objects first, so that whenever this is cut off the repository is whole.

    Raises:
        EditConflict: Another git command works in the repository, or has changed it meanwhile; objects may
            have been added, to which nothing points.
    """
    before = _before(stage, root)
    write_atomic(root, _LOCK, b"", expected=ABSENT)
    try:
        written = []
        for path, expected in before.items():
            data = read_bytes(stage.upper, path, limit=MOST_BYTES)
            if content_hash(data) != expected:
                mode = 0o444 if "/objects/" in path else None
                write_atomic(root, path, data, expected=expected, mode=mode)
                written.append(path)
        return written
    finally:
        write_atomic(root, _LOCK, None, expected=content_hash(b""))


def refuse_touched(stage: Stage, root: Path) -> None:
    """Look whether what a git command has written can be brought over; nothing is.

    Raises:
        EditConflict: The repository was changed meanwhile.
    """
    _before(stage, root)


def _before(stage: Stage, root: Path) -> dict[str, str]:
    """Return the hashes of what is in the place of each file that is to be brought over."""
    before = {path: content_hash(read_optional(root, path, limit=MOST_BYTES)) for path in _written(stage)}
    changed = [path for path in before if _touched_meanwhile(stage, root, path)]
    if changed:
        raise EditConflict(f"{changed[0]} was changed by somebody else meanwhile", fix="Try again")
    return before


def _touched_meanwhile(stage: Stage, root: Path, path: str) -> bool:
    try:
        return (root / path).lstat().st_ctime_ns >= stage.began
    except OSError:
        return False


def _written(stage: Stage) -> Iterator[str]:
    """Yield the files of the layer that are one of the kinds, each kind's together, in their order."""
    found = sorted(
        Path(place, name).relative_to(stage.upper).as_posix()
        for place, _, names in os.walk(stage.upper / ".git")
        for name in names
    )
    for kind in _KINDS:
        for path in found:
            if kind.name.fullmatch(path) and _holds(kind, stage, path):
                yield path


def _holds(kind: _Kind, stage: Stage, path: str) -> bool:
    if (stage.upper / path).is_symlink() or not (stage.upper / path).is_file():
        return False
    return kind.holds(path, read_bytes(stage.upper, path, limit=MOST_BYTES))
