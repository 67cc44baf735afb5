"""outline: the definitions of a file."""

from pydantic import Field

from codelab.policy.types import Risk
from codelab.tools.contract import Arguments, Tool, ToolContext, ToolText
from codelab.tools.touching import reads_its_path
from codelab.workspace.paths import relative

_MOST = 400


class Outline(Arguments):
    """Arguments of outline."""

    path: str = Field(min_length=1, description="File, relative to the workspace root.")


async def _call(arguments: Outline, context: ToolContext) -> ToolText:
    path = relative(context.view.root, arguments.path)
    symbols = await context.code.outline(path)
    if not symbols:
        return ToolText(f"{path} is not indexed, or defines nothing. read_file shows its lines.", "nothing")
    lines = [
        f"{'  ' * one.qualified.count('.')}{one.start_line}-{one.end_line} {one.signature or one.name}"
        for one in symbols[:_MOST]
    ]
    if len(symbols) > _MOST:
        lines.append(f"({len(symbols) - _MOST} more)")
    return ToolText("\n".join([path, *lines]), f"{len(symbols)} definitions")


TOOL = Tool(
    name="outline",
    description="List what a file defines, with lines and signatures: cheaper than reading a large file.",
    risk=Risk.LOW,
    arguments=Outline,
    touches=reads_its_path,
    title=lambda arguments: f"looking over {arguments.path}",
    call=_call,
)
