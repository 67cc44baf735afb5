"""find_symbol: where a name is defined."""

from pydantic import Field

from codelab.policy.types import Risk
from codelab.tools.contract import Arguments, Tool, ToolContext, ToolText
from codelab.tools.touching import touches_nothing

_MOST = 50


class FindSymbol(Arguments):
    """Arguments of find_symbol."""

    name: str = Field(min_length=1, description="The name, such as send or Client.send.")
    seen_from: str = Field("", description="The file in which the name stands; what it imports comes first.")


async def _call(arguments: FindSymbol, context: ToolContext) -> ToolText:
    found = await context.code.definitions(arguments.name, arguments.seen_from)
    if not found:
        return ToolText(
            f"Nothing is defined as {arguments.name}. Try search_code with its words.", "nothing found"
        )
    lines = []
    for one in found[:_MOST]:
        symbol = one.symbol
        how = f" ({one.confidence})" if arguments.seen_from else ""
        place = f"{symbol.path}:{symbol.start_line}-{symbol.end_line}"
        lines.append(f"{place}  {symbol.kind} {symbol.qualified}{how}\n    {symbol.signature}")
    if len(found) > _MOST:
        lines.append(f"({len(found) - _MOST} more)")
    return ToolText("\n".join(lines), f"{len(found)} definitions")


TOOL = Tool(
    name="find_symbol",
    description="Find where a function, method, class or constant is defined, by its exact name. Read the "
    "lines with read_file before you cite them.",
    risk=Risk.LOW,
    arguments=FindSymbol,
    touches=touches_nothing,
    title=lambda arguments: f"looking up {arguments.name}",
    call=_call,
)
