"""git_branch: make a branch at the last commit and switch to it; files stay as they are."""

import shlex

from pydantic import Field

from codelab.policy.types import Access, Risk, Touch
from codelab.tools.contract import Arguments, Command, Tool, ToolContext
from codelab.tools.git_reading import revision
from codelab.tools.git_writing import writing_command


class GitBranch(Arguments):
    """Arguments of git_branch."""

    name: str = Field(min_length=1, max_length=200, description="The name of the new branch.")


async def _call(arguments: GitBranch, context: ToolContext) -> Command:
    name = revision(arguments.name)
    return await writing_command(
        ("switch", "--create", name), shown=f"git switch --create {shlex.quote(name)}"
    )


TOOL = Tool(
    name="git_branch",
    description="Make a branch at the last commit and switch to it; only where the person asked for one.",
    risk=Risk.HIGH,
    arguments=GitBranch,
    touches=lambda arguments, context: (Touch(".", Access.EXECUTE),),
    title=lambda arguments: f"making the branch {arguments.name}",
    call=_call,
    commands=True,
)
