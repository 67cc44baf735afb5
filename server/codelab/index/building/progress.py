"""How the index of a worktree stands, in a small file beside it that every face can read."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

from codelab.config.places import Places, workspace_key
from codelab.index.files.repository import Repository, index_folder
from codelab.index.types import IndexStatus, Skipped


def status_path(places: Places, repository: Repository) -> Path:
    """Return the file that tells how the index of a worktree stands."""
    return index_folder(places, repository) / f"status-{workspace_key(repository.root)}.json"


def lock_path(places: Places, repository: Repository) -> Path:
    """Return the lock that the worker of a worktree holds as long as it lives."""
    return index_folder(places, repository) / f"worker-{workspace_key(repository.root)}.lock"


def write_status(path: Path, status: IndexStatus) -> None:
    """Replace the status; what was left out is in the index and not repeated here.

    Raises:
        OSError: The file cannot be written.
    """
    data = json.dumps(asdict(replace(status, skipped=()))).encode()
    scratch = path.with_suffix(f".{os.getpid()}.new")
    try:
        scratch.write_bytes(data)
        os.replace(scratch, path)
    except OSError:
        scratch.unlink(missing_ok=True)
        with path.open("r+b") as file:  # a full disk still has the room of the status before
            file.write(data.ljust(os.fstat(file.fileno()).st_size))


def read_status(path: Path) -> IndexStatus:
    """Read the status; ``missing`` where there is none, or none that can be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        data["skipped"] = tuple(Skipped(**one) for one in data.get("skipped", ()))
        return IndexStatus(**data)
    except (OSError, ValueError, TypeError, AttributeError):
        return IndexStatus("missing")
