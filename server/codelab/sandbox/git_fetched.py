"""What a git command has fetched, brought over to the workspace's repository object by object.

The sandbox that fetched is as hostile as the host that answered: only loose objects are taken, each only
where it is what its name says, and the one commit that was asked for.
"""

from pathlib import Path

from codelab.core.errors import LimitReached, StateError
from codelab.sandbox.git_changes import MOST_BYTES, is_object
from codelab.sandbox.stage import Stage
from codelab.workspace.files import ABSENT, content_hash, write_atomic
from codelab.workspace.git_refs import ID
from codelab.workspace.reading import read_bytes, read_optional

MOST_OBJECTS = 5_000
"""Of one fetch; more come as a pack, which is not taken apart here."""
FETCHED = "refs/codelab/fetched"
"""Where the fetched commit is noted in the repository of the sandbox."""
_FOLDER = "repository/objects"


def bring_over_fetched(stage: Stage, root: Path) -> str:
    """Bring the fetched objects to the workspace's repository, to which nothing points yet.

    Args:
        stage: The command's folder, after its end.
        root: The workspace.

    Returns:
        The commit that was fetched.

    Raises:
        LimitReached: It is more than can be looked through.
        StateError: What was fetched is not what it says.
    """
    commit = (
        (read_optional(stage.upper, f"repository/{FETCHED}", limit=200) or b"")
        .decode("ascii", "replace")
        .strip()
    )
    if not ID.fullmatch(commit):
        raise StateError("Nothing was fetched", why="git left no commit", fix="Try again")
    if any((stage.upper / _FOLDER / "pack").glob("*.pack")):
        raise LimitReached(
            f"More than {MOST_OBJECTS:,} objects were fetched",
            why="CodeLab checks each of them",
            fix="Ask the person to run `git fetch`, then merge the remote-tracking branch with git_merge",
        )
    for path in sorted((stage.upper / _FOLDER).glob("[0-9a-f][0-9a-f]/*")):
        name = path.relative_to(stage.upper / "repository").as_posix()
        if path.is_symlink() or (root / ".git" / name).exists():
            continue
        data = read_bytes(stage.upper, f"repository/{name}", limit=MOST_BYTES)
        if not is_object(name, data):
            raise StateError(
                "What was fetched is damaged", why=f"{name} is not what its name says", fix="Try again"
            )
        write_atomic(root, f".git/{name}", data, expected=ABSENT, mode=0o444)
    return commit


def move_tracking_ref(root: Path, name: str, commit: str) -> None:
    """Note in the workspace's repository where a branch of a remote stands.

    Args:
        root: The workspace.
        name: The remote-tracking ref, ``refs/remotes/origin/main``.
        commit: The commit.

    Raises:
        EditConflict: Another git command is moving it.
    """
    path = f".git/{name}"
    before = read_optional(root, path, limit=200)
    write_atomic(root, path, f"{commit}\n".encode(), expected=content_hash(before))
