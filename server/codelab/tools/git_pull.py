"""git_pull: fetch the branch's commits from its remote, then merge them."""

import asyncio
import shlex
from pathlib import Path

from pydantic import Field

from codelab.policy.types import Access, Risk, Touch
from codelab.sandbox.git_fetched import FETCHED, MOST_OBJECTS
from codelab.tools.contract import Arguments, Command, Tool, ToolContext, ToolText
from codelab.tools.git_failures import explain_reaching
from codelab.tools.git_merge import merge_command
from codelab.tools.git_remote import SECONDS, checked_out, find_remote, reach_of

# A fetch that checks its objects leaves them in a pack. What is brought over is looked at one by one.
_UNPACKED = """\
{fetch} || exit
[ "$(git count-objects -v | sed -n 's/^in-pack: //p')" -le {most} ] || exit 0
mkdir packed && mv repository/objects/pack packed || exit 0
for pack in packed/pack/*.pack; do
  [ ! -e "$pack" ] || git unpack-objects -q --strict < "$pack" || exit
done
"""


class GitPull(Arguments):
    """Arguments of git_pull."""

    remote: str = Field("", max_length=200, description="The remote; empty: that of the branch.")
    branch: str = Field(
        "", max_length=200, description="The branch there; empty: the one that the branch follows."
    )


async def _call(arguments: GitPull, context: ToolContext) -> Command:
    return await asyncio.to_thread(pull_command, context.view.root, arguments.remote, arguments.branch)


def pull_command(root: Path, remote_name: str, branch: str) -> Command:
    """Return the command that fetches one branch, after which it is merged."""
    remote = find_remote(root, remote_name, branch, pushing=False)
    reach, environment = reach_of(root, remote)
    fixed = (
        "fetch",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--no-auto-maintenance",
    )
    source = f"refs/heads/{remote.branch}"
    name = f"{remote.name}/{remote.branch}"

    async def then(commit: str) -> Command | ToolText:
        return await merge_command(root, await asyncio.to_thread(checked_out, root), commit, name)

    fetch = shlex.join(("git", *fixed, "--", remote.address.url, f"{source}:{FETCHED}"))
    return Command(
        ("/bin/sh", "-c", _UNPACKED.format(fetch=fetch, most=MOST_OBJECTS)),
        f"git pull {shlex.quote(remote.address.url)} {remote.branch}",
        seconds=SECONDS,
        writes=False,
        environment=environment,
        summary=lambda code, output: f"{name} fetched" * (not code),
        explain=explain_reaching,
        more=(
            f"from: {remote.address.url}\n"
            f"remote: {remote.name}, branch {remote.branch}, known up to {remote.known[:12] or 'no commit'}\n"
            f"into: {remote.refs.branch} at {remote.refs.head[:12]}\n"
            "What it changes of files is put before you before it counts.\n"
        ),
        reach=reach,
        url=remote.address.url,
        host=remote.address.host,
        tracks=(remote.tracking, ""),
        then=then,
    )


TOOL = Tool(
    name="git_pull",
    description=(
        "Fetch the commits of the branch's remote and merge them; only where the person asked to pull. They "
        "see the address first, and then the difference of the files. Where both sides changed the same "
        "lines nothing changes."
    ),
    risk=Risk.CRITICAL,
    arguments=GitPull,
    touches=lambda arguments, context: (Touch(".", Access.EXECUTE),),
    title=lambda arguments: "pulling",
    call=_call,
    commands=True,
)
