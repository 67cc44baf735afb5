"""A branch that a merge moves: what is bound by its approval, and what takes it back."""

import os
import shlex
from dataclasses import dataclass

from codelab.agents.services import Services
from codelab.core.errors import CodeLabError, EditConflict
from codelab.sandbox.environment import clean_environment
from codelab.sandbox.git_changes import bring_over_git
from codelab.sandbox.probe import find_sandbox
from codelab.sandbox.run import run_in_sandbox
from codelab.sandbox.types import Job, Kind, Limits
from codelab.tools.git_reading import ENVIRONMENT
from codelab.tools.git_writing import SYSTEM_PATH, WRITING_FLAGS
from codelab.workspace.git_refs import read_refs

_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class BranchMove:
    """The checked out branch moves from one commit to another."""

    branch: str
    before: str
    after: str

    @property
    def words(self) -> str:
        """It in one line for a person."""
        return f"moves the branch {self.branch} from {self.before[:12]} to {self.after[:12]}"


def require_unmoved(services: Services, move: BranchMove) -> None:
    """Refuse to take a merge back whose branch has gone on.

    Raises:
        EditConflict: The branch is not checked out any more, or stands elsewhere.
    """
    try:
        refs = read_refs(services.root)
    except CodeLabError:
        refs = None
    if refs is None or refs.branch != move.branch or refs.head != move.after:
        raise EditConflict(
            f"The merge into {move.branch} cannot be undone any more",
            why=f"{move.branch} has moved on since, or another branch is checked out",
            fix=f"Check out {move.branch}; if there are commits since, `git revert -m 1 {move.after[:12]}`",
        )


async def move_back(services: Services, move: BranchMove) -> None:
    """Put a branch and the index back to where they were before a merge; files are not touched.

    Raises:
        EditConflict: Git could not do it, or the repository was changed meanwhile.
    """
    settings = services.settings.sandbox
    sandbox = find_sandbox(services.commands, as_root=settings.as_root, unsandboxed=settings.unsandboxed)
    if sandbox.kind is not Kind.OVERLAY:
        raise _not_back(move, "The sandbox gives git no layer of its own")
    script = shlex.join(("git", *WRITING_FLAGS, "reset", "--quiet", "--mixed", move.before))
    environment = clean_environment(os.environ, services.root, (), {**ENVIRONMENT, "PATH": SYSTEM_PATH})
    limits = Limits(seconds=_SECONDS)
    job = Job(services.root, ("/bin/sh", "-c", script), ".", environment, limits, commits=True)
    async with run_in_sandbox(sandbox, job, services.commands, lambda _data: None) as ran:
        if ran.finished.code:
            raise _not_back(move, ran.finished.output.strip()[-500:])
        bring_over_git(ran.stage, services.root)


def _not_back(move: BranchMove, why: str) -> EditConflict:
    return EditConflict(
        f"The files are as they were before the merge, but {move.branch} still has it",
        why=why,
        fix=f"Run `git reset {move.before[:12]}`",
    )
