"""git_blame: which commit each line of a file comes from."""

from pydantic import Field

from codelab.policy.types import Risk
from codelab.tools.contract import Arguments, Command, Tool, ToolContext, ToolError
from codelab.tools.git_reading import git_command, revision
from codelab.tools.touching import reads_its_path
from codelab.workspace.paths import relative


class GitBlame(Arguments):
    """Arguments of git_blame."""

    path: str = Field(description="File, relative to the workspace root.")
    start_line: int = Field(1, ge=1, description="First line.")
    end_line: int | None = Field(None, ge=1, description="Last line, included; empty: the last of the file.")
    revision: str = Field("HEAD", description="As of this commit.")


async def _call(arguments: GitBlame, context: ToolContext) -> Command:
    if arguments.end_line is not None and arguments.end_line < arguments.start_line:
        raise ToolError("The last line is before the first", fix="Give them in order")
    path = relative(context.view.root, arguments.path)
    lines = f"-L{arguments.start_line},{arguments.end_line or ''}"
    return git_command("blame", "--date=short", "-s", lines, revision(arguments.revision), "--", path)


TOOL = Tool(
    name="git_blame",
    description="Tell the commit that each line of a file comes from.",
    risk=Risk.LOW,
    arguments=GitBlame,
    touches=reads_its_path,
    title=lambda arguments: f"looking at git blame of {arguments.path}",
    call=_call,
    commands=True,
)
