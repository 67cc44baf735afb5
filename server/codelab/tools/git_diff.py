"""git_diff: what changed since a commit, or what is staged."""

from pydantic import Field

from codelab.policy.types import Risk
from codelab.tools.contract import Arguments, Command, Tool, ToolContext
from codelab.tools.git_reading import git_command, revision, without_secrets
from codelab.tools.touching import reads_its_path
from codelab.workspace.paths import relative


class GitDiff(Arguments):
    """Arguments of git_diff."""

    revision: str = Field(
        "", description="Compare with this commit, or two with .. between. Empty: the index."
    )
    staged: bool = Field(False, description="What is staged, instead of what is in the files.")
    path: str = Field(".", description="Only this file or folder, relative to the workspace root.")


async def _call(arguments: GitDiff, context: ToolContext) -> Command:
    path = relative(context.view.root, arguments.path)
    wanted = [revision(arguments.revision)] if arguments.revision else []
    staged = ["--cached"] if arguments.staged else []
    fixed = ("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all")
    return git_command("diff", *fixed, *staged, *wanted, "--", path, clean=without_secrets)


TOOL = Tool(
    name="git_diff",
    description="Show what changed in the workspace, or what is staged, as a diff.",
    risk=Risk.LOW,
    arguments=GitDiff,
    touches=reads_its_path,
    title=lambda arguments: "looking at git diff",
    call=_call,
    commands=True,
)
