"""git_status: what differs from the last commit, file by file."""

from codelab.policy.types import Access, Risk, Touch
from codelab.tools.contract import Arguments, Command, Tool, ToolContext
from codelab.tools.git_reading import git_command


class GitStatus(Arguments):
    """Arguments of git_status: none."""


async def _call(arguments: GitStatus, context: ToolContext) -> Command:
    return git_command("status", "--short", "--branch", "--untracked-files=all", "--ignore-submodules=all")


TOOL = Tool(
    name="git_status",
    description="Tell the branch, and which files are changed, staged or not tracked.",
    risk=Risk.LOW,
    arguments=GitStatus,
    touches=lambda arguments, context: (Touch(".", Access.READ),),
    title=lambda arguments: "looking at git status",
    call=_call,
    commands=True,
)
