"""git_log: the commits, of all files or of one."""

from pydantic import Field

from codelab.policy.types import Risk
from codelab.tools.contract import Arguments, Command, Tool, ToolContext
from codelab.tools.git_reading import git_command, revision, without_secrets
from codelab.tools.touching import reads_its_path
from codelab.workspace.paths import relative

_MOST_COMMITS = 200


class GitLog(Arguments):
    """Arguments of git_log."""

    revision: str = Field("HEAD", description="From this commit backward, or two with .. between.")
    path: str = Field(".", description="Only commits that changed this file or folder.")
    limit: int = Field(20, ge=1, le=_MOST_COMMITS, description="Most commits.")
    patch: bool = Field(False, description="Show what each changed.")


async def _call(arguments: GitLog, context: ToolContext) -> Command:
    path = relative(context.view.root, arguments.path)
    patch = ("--patch", "--no-ext-diff", "--no-textconv") if arguments.patch else ("--no-patch",)
    return git_command(
        "log",
        f"--max-count={arguments.limit}",
        "--date=short",
        "--format=commit %h %ad %an%n    %s",
        "--no-color",
        *patch,
        revision(arguments.revision),
        "--",
        path,
        clean=without_secrets,
    )


TOOL = Tool(
    name="git_log",
    description="List commits with date, author and subject; with `patch`, what each changed.",
    risk=Risk.LOW,
    arguments=GitLog,
    touches=reads_its_path,
    title=lambda arguments: "looking at git log",
    call=_call,
    commands=True,
)
