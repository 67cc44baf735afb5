"""Which repository a workspace belongs to, told from files alone.

The git program is not run for it: a repository's configuration can make it execute anything.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from codelab.config.places import Places, workspace_key
from codelab.core.errors import InputError
from codelab.core.wording import cause_of

_POINTER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Repository:
    """Where a workspace lies in its repository.

    Attributes:
        root: The workspace's folder, resolved.
        top: The folder of the git worktree that holds it, or ``root`` where there is none.
        common: The git folder that all worktrees of the repository share, or None where there is none.
    """

    root: Path
    top: Path
    common: Path | None

    @property
    def shared(self) -> Path:
        """The folder that names the repository: one for all its worktrees."""
        if self.common is None:
            return self.root
        return self.common.parent if self.common.name == ".git" else self.common


def find_repository(root: Path) -> Repository:
    """Find the repository that a folder belongs to.

    Raises:
        InputError: The folder is missing, not a folder, or cannot be read.
    """
    resolved = check_root(root)
    for top in (resolved, *resolved.parents):
        common = common_git_folder(top)
        if common is not None:
            return Repository(resolved, top, common)
    return Repository(resolved, resolved, None)


def check_root(root: Path) -> Path:
    """Return the resolved folder of a workspace.

    Raises:
        InputError: It is missing, not a folder, or cannot be read.
    """
    try:
        resolved = root.resolve(strict=True)
        with os.scandir(resolved):
            return resolved
    except FileNotFoundError:
        raise InputError(f"There is no folder {root}", fix="Check the path of the workspace") from None
    except NotADirectoryError:
        raise InputError(f"{root} is not a folder", fix="Give the folder that holds it") from None
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a loop of links on Python 3.11
        raise InputError(
            f"The folder {root} cannot be read", why=cause_of(error), fix="Check its permissions"
        ) from None


def index_folder(places: Places, repository: Repository) -> Path:
    """Return the folder that holds the repository's ``index.db``."""
    return places.cache / "repositories" / workspace_key(repository.shared)


def common_git_folder(folder: Path) -> Path | None:
    """Return the shared git folder of a worktree whose top is ``folder``, or None if it is not one."""
    dot_git = folder / ".git"
    try:
        mode = dot_git.stat().st_mode
        if stat.S_ISDIR(mode):
            git = dot_git
        elif stat.S_ISREG(mode) and (pointed := _read_pointer(dot_git)).startswith("gitdir:"):
            git = folder / pointed.removeprefix("gitdir:").strip()
        else:
            return None
        if not (git / "HEAD").is_file():
            return None
        shared = git / "commondir"
        common = git / _read_pointer(shared).strip() if shared.is_file() else git
        return common.resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return None


def _read_pointer(path: Path) -> str:
    with path.open("rb") as file:
        return os.fsdecode(file.read(_POINTER_BYTES))
