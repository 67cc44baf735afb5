"""repo_map: the most used definitions of the repository by file."""

from pydantic import Field

from codelab.core.wording import counted
from codelab.policy.types import Risk
from codelab.tools.contract import Arguments, Tool, ToolContext, ToolText
from codelab.tools.touching import touches_nothing
from codelab.workspace.paths import relative


class ShowMap(Arguments):
    """Arguments of repo_map."""

    tokens: int = Field(1500, ge=100, le=8000, description="Most tokens of the map.")
    files: list[str] = Field([], max_length=20, description="Files or folders that it should be about.")
    words: str = Field("", max_length=400, description="Words that it should be about.")


async def _call(arguments: ShowMap, context: ToolContext) -> ToolText:
    files = [relative(context.view.root, path) for path in arguments.files]
    drawn = await context.code.repo_map(arguments.tokens, files, arguments.words)
    if not drawn.files:
        return ToolText("There is nothing to show: no definitions are indexed.", "nothing")
    return ToolText(drawn.text, f"{len(drawn.files)} of {counted(drawn.files_total, 'file')}")


TOOL = Tool(
    name="repo_map",
    description="Show the most important definitions of the repository by file, told from how much the rest "
    "of the code uses them. Good to find your way in code you do not know yet.",
    risk=Risk.LOW,
    arguments=ShowMap,
    touches=touches_nothing,
    title=lambda _arguments: "looking at the map of the repository",
    call=_call,
)
