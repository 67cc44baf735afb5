"""git_push: send the commits of the checked out branch to its remote; only what the person has seen."""

import asyncio
import shlex
from pathlib import Path

from pydantic import Field

from codelab.core.wording import counted
from codelab.policy.types import Access, Risk, Touch
from codelab.tools.contract import Arguments, Command, Tool, ToolContext, ToolError
from codelab.tools.git_failures import explain_reaching
from codelab.tools.git_remote import SECONDS, commits_between, contains, find_remote, reach_of


class GitPush(Arguments):
    """Arguments of git_push."""

    remote: str = Field("", max_length=200, description="The remote; empty: that of the branch.")
    branch: str = Field(
        "", max_length=200, description="The branch there; empty: the one that the branch follows."
    )


async def _call(arguments: GitPush, context: ToolContext) -> Command:
    return await asyncio.to_thread(push_command, context.view.root, arguments.remote, arguments.branch)


def push_command(root: Path, remote_name: str, branch: str) -> Command:
    """Return the command that pushes the checked out branch, and nothing but what is shown.

    The remote's branch has to stand where this repository knows it to stand (``--force-with-lease``), and
    that has to be an ancestor of what is pushed: so the commits listed are those that are sent, and none is
    lost.

    Raises:
        ToolError: There is nothing to push, or it would take commits away.
    """
    remote = find_remote(root, remote_name, branch, pushing=True)
    refs, new, old = remote.refs, remote.refs.head, remote.known
    if old and not contains(root, refs, new, old):
        raise ToolError(
            f"{remote.name}/{remote.branch} has commits that {refs.branch} has not",
            why="Pushing would take them away",
            fix="They have to be pulled first; ask the person",
        )
    prefix = f"refs/remotes/{remote.name}/"
    known = [old] if old else [one for name, one in refs.commits.items() if name.startswith(prefix)]
    commits = commits_between(root, refs, new, known)
    if old and not commits:
        raise ToolError(
            f"Nothing is to be pushed: {remote.name}/{remote.branch} has all commits of {refs.branch}",
            fix="Commit first, if something is to be pushed",
        )
    reach, environment = reach_of(root, remote)
    target = f"refs/heads/{remote.branch}"
    fixed = ("push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--atomic")
    argv = (*fixed, f"--force-with-lease={target}:{old}", "--", remote.address.url, f"{new}:{target}")
    new_branch = "" if old else f" (a new branch; what {remote.name} has was last asked at the last fetch)"
    listed = "".join(f"    {commit}\n" for commit in commits)
    return Command(
        ("git", *argv),
        f"git push {shlex.quote(remote.address.url)} {refs.branch}:{remote.branch}",
        seconds=SECONDS,
        writes=False,
        environment=environment,
        summary=lambda code, output: (
            f"{counted(len(commits), 'commit')} pushed to {remote.name}/{remote.branch}" * (not code)
        ),
        explain=explain_reaching,
        more=(
            f"to: {remote.address.url}\n"
            f"remote: {remote.name}, branch {remote.branch}{new_branch}\n"
            f"from {old[:12] or 'nothing'} to {new[:12]}\n"
            f"{counted(len(commits), 'commit')}, the newest first:\n{listed}"
            "A push cannot be undone: others may have the commits at once.\n"
        ),
        reach=reach,
        url=remote.address.url,
        host=remote.address.host,
        publishes=True,
        tracks=(remote.tracking, new),
    )


TOOL = Tool(
    name="git_push",
    description=(
        "Push the commits of the checked out branch to its remote; only where the person asked to push. They "
        "see the address and every commit first. Never forces. A push cannot be undone."
    ),
    risk=Risk.CRITICAL,
    arguments=GitPush,
    touches=lambda arguments, context: (Touch(".", Access.EXECUTE),),
    title=lambda arguments: "pushing",
    call=_call,
    commands=True,
)
