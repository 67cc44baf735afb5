"""git_commit: commit named files, with a message that the person sees."""

import shlex
from collections.abc import Sequence

from pydantic import Field

from codelab.core.errors import NotFound
from codelab.core.wording import counted
from codelab.policy.types import Access, Risk, Touch
from codelab.tools.contract import Arguments, Command, Tool, ToolContext, ToolError
from codelab.tools.git_writing import writing_command
from codelab.workspace.paths import relative

_MOST_CHARACTERS = 10_000


class GitCommit(Arguments):
    """Arguments of git_commit."""

    message: str = Field(min_length=1, max_length=_MOST_CHARACTERS, description="The commit's message.")
    paths: tuple[str, ...] = Field(
        min_length=1, description="The files to commit, each by its name; a deleted file too."
    )


def _touches(arguments: GitCommit, context: ToolContext) -> Sequence[Touch]:
    paths = [relative(context.view.root, path) for path in arguments.paths]
    return (Touch(".", Access.EXECUTE), *(Touch(path, Access.READ) for path in paths))


async def _call(arguments: GitCommit, context: ToolContext) -> Command:
    paths = [relative(context.view.root, path) for path in arguments.paths]
    for path in paths:
        try:
            unsaved = (context.view.root / path).is_dir() or context.view.read(path).unsaved
        except NotFound:
            unsaved = False
        if unsaved:
            raise ToolError(
                f"{path} cannot be committed now",
                why="It is a folder, or an editor shows text of it that is not saved",
                fix="Name files one by one; ask the person to save",
            )
    shown = f"git commit -m {shlex.quote(arguments.message)} -- {shlex.join(paths)}"
    commit = ("commit", "--no-verify", "--only", f"--message={arguments.message}")
    return await writing_command(("add",), commit, paths=tuple(paths), shown=shown)


TOOL = Tool(
    name="git_commit",
    description=(
        "Commit files that you name, with a message; only where the person asked for a commit. They see the "
        "message and the files first. Hooks do not run. `git reset --soft HEAD^` takes the last commit back."
    ),
    risk=Risk.HIGH,
    arguments=GitCommit,
    touches=_touches,
    title=lambda arguments: f"committing {counted(len(arguments.paths), 'file')}",
    call=_call,
    commands=True,
)
