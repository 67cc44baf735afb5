"""What a merge has made in its layer: put before the person, and brought over whole or not at all."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from codelab.agents.branch_move import BranchMove
from codelab.agents.changes import make_change
from codelab.agents.reviewable import reviewable
from codelab.agents.run import ActiveRun
from codelab.core.errors import CodeLabError, EditConflict
from codelab.sandbox.difference import read_difference
from codelab.sandbox.git_changes import bring_over_git, refuse_touched
from codelab.sandbox.stage import Stage
from codelab.tools.contract import FileChange, ToolError
from codelab.workspace.git_refs import ID, read_refs
from codelab.workspace.reading import read_optional

_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge as it stands in its layer.

    Attributes:
        move: How the branch moves.
        changes: The files that differ.
        stage: The layer.
        root: The workspace.
    """

    move: BranchMove
    changes: tuple[FileChange, ...]
    stage: Stage
    root: Path

    def refuse_touched(self) -> None:
        """Look whether the repository is as the merge found it.

        Raises:
            EditConflict: It is not; nothing was changed.
        """
        refs = read_refs(self.root)
        if (refs.branch, refs.head) != (self.move.branch, self.move.before):
            raise EditConflict(f"{self.move.branch} has moved meanwhile", fix="Merge again")
        refuse_touched(self.stage, self.root)

    def bring_over(self) -> None:
        """Bring over what the merge has written to the repository; the files are written before.

        Raises:
            EditConflict: The repository was changed meanwhile.
        """
        self.refuse_touched()
        bring_over_git(self.stage, self.root)


async def read_merge(run: ActiveRun, tool: str, branch: str, stage: Stage) -> Merged:
    """Return what a merge has made.

    Args:
        run: The run.
        tool: The tool that merged.
        branch: The branch that it moves.
        stage: Its layer, after its end.

    Raises:
        ToolError: There is something in it that cannot be shown or may not be written; nothing was changed.
    """
    root = run.services.root
    refs = await asyncio.to_thread(read_refs, root)
    told = await asyncio.to_thread(read_optional, stage.upper, f".git/refs/heads/{branch}", limit=200)
    after = (told or b"").decode("ascii", "replace").strip()
    if refs.branch != branch or not ID.fullmatch(after):
        raise ToolError(f"The merge left no new commit of {branch}", fix="Look at git_log")
    difference = await asyncio.to_thread(read_difference, stage, root, merged=True)
    changes, left = await asyncio.to_thread(reviewable, run, tool, difference, asked=frozenset({"protected"}))
    if left:
        named = "; ".join(f"{path}: {why}" for path, why in left[:_MOST_NAMED])
        more = f"; and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
        raise ToolError(
            "The merge changes what CodeLab cannot put before the person, so nothing was changed",
            why=f"{named}{more}",
            fix="Ask them to merge with git itself",
        )
    return Merged(BranchMove(branch, refs.head, after), tuple(changes), stage, root)


async def put_back(run: ActiveRun, made: list[FileChange]) -> list[str]:
    """Put files back that were written for a merge which then could not be brought over.

    Returns:
        Those that could not be put back, because somebody has changed them since.
    """
    left = []
    for change in reversed(made):
        back = FileChange(
            change.path, change.after, change.before, change.after_text, change.before_text, change.unsaved_in
        )
        try:
            await make_change(run.services, back, "CodeLab: the merge was given up")
        except CodeLabError:
            left.append(change.path)
    return left
