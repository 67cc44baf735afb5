"""git_merge: join another branch into the one that is checked out, once the difference was shown."""

import asyncio
import shlex
from dataclasses import replace
from pathlib import Path

from pydantic import Field

from codelab.core.visible import visible
from codelab.core.wording import counted
from codelab.policy.types import Access, Risk, Touch
from codelab.tools.contract import Arguments, Command, Tool, ToolContext, ToolError, ToolText
from codelab.tools.git_failures import explain_merging
from codelab.tools.git_reading import revision
from codelab.tools.git_remote import checked_out, commits_between, contains
from codelab.tools.git_writing import writing_command
from codelab.workspace.git_refs import Refs

_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


class GitMerge(Arguments):
    """Arguments of git_merge."""

    branch: str = Field(
        min_length=1, max_length=200, description="The branch to join in: topic, or origin/main."
    )


async def _call(arguments: GitMerge, context: ToolContext) -> Command:
    root, name = context.view.root, revision(arguments.branch)
    refs = await asyncio.to_thread(checked_out, root)
    commit = refs.commits.get(f"refs/heads/{name}") or refs.commits.get(f"refs/remotes/{name}")
    if commit is None:
        there = sorted(one.split("/", 2)[2] for one in refs.commits)
        named = ", ".join(visible(one) for one in there[:20] if one != refs.branch)
        raise ToolError(
            f"There is no branch {visible(name)!r}", fix=f"Branches: {named or 'none but this one'}"
        )
    outcome = await merge_command(root, refs, commit, name)
    if isinstance(outcome, ToolText):
        raise ToolError(outcome.text, fix="There is nothing to do")
    return outcome


async def merge_command(root: Path, refs: Refs, commit: str, name: str) -> Command | ToolText:
    """Return the command that merges a commit into the checked out branch, in a layer of its own.

    Args:
        root: The workspace.
        refs: Its refs.
        commit: What is joined in.
        name: What it is called.

    Returns:
        The command, or the text that there is nothing to merge.

    Raises:
        ToolError: Something else is under way in the repository.
    """
    if busy := next((one for one in _UNDER_WAY if (root / ".git" / one).exists()), None):
        raise ToolError(
            f"Another merge or rebase is under way ({busy})", fix="Ask the person to end it first"
        )
    if await asyncio.to_thread(contains, root, refs, refs.head, commit):
        return ToolText(f"{refs.branch} has all commits of {name} already", "nothing to merge")
    commits = await asyncio.to_thread(commits_between, root, refs, commit, [refs.head])
    forward = await asyncio.to_thread(contains, root, refs, commit, refs.head)
    merge = (
        *(
            "merge",
            "--ff",
            "--no-verify",
            "--no-edit",
            "--no-gpg-sign",
            "--no-verify-signatures",
            "--no-stat",
        ),
        *("--no-autostash", "--no-rerere-autoupdate", "-m", f"Merge {name} into {refs.branch}", commit),
    )
    command = await writing_command(merge, shown=f"git merge {shlex.quote(name)}")
    listed = "".join(f"    {one}\n" for one in commits)
    how = "without a commit of its own (a fast-forward)" if forward else "with a merge commit"
    done = f"{counted(len(commits), 'commit')} of {name} merged into {refs.branch}"
    return replace(
        command,
        merge=refs.branch,
        more=(
            f"into: {refs.branch} at {refs.head[:12]}, {how}\n"
            f"{counted(len(commits), 'commit')} of {name}, the newest first:\n{listed}"
            "What it changes of files is put before you before it counts.\n"
        ),
        explain=explain_merging,
        summary=lambda code, output: done * (not code),
    )


TOOL = Tool(
    name="git_merge",
    description=(
        "Merge a branch into the one that is checked out; only where the person asked to merge. They see the "
        "commits, and then the difference of the files. Where both sides changed the same lines nothing "
        "changes."
    ),
    risk=Risk.HIGH,
    arguments=GitMerge,
    touches=lambda arguments, context: (Touch(".", Access.EXECUTE),),
    title=lambda arguments: f"merging {arguments.branch}",
    call=_call,
    commands=True,
)
