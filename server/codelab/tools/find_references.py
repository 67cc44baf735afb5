"""find_references: where a name is used."""

from pydantic import Field

from codelab.policy.types import Risk
from codelab.tools.contract import Arguments, Tool, ToolContext, ToolText
from codelab.tools.touching import touches_nothing


class FindReferences(Arguments):
    """Arguments of find_references."""

    name: str = Field(min_length=1, description="The name, such as send or Client.send.")
    defined_in: str = Field("", description="Only uses of what this file defines.")
    limit: int = Field(60, ge=1, le=200, description="Most uses that come.")


async def _call(arguments: FindReferences, context: ToolContext) -> ToolText:
    found = await context.code.references(arguments.name, arguments.defined_in, arguments.limit)
    if not found:
        return ToolText(f"No use of {arguments.name} was found.", "nothing found")
    lines = [str(use) for use in found]
    if len(found) == arguments.limit:
        lines.append("(there may be more)")
    return ToolText("\n".join(lines), f"{len(found)} uses")


TOOL = Tool(
    name="find_references",
    description="Find where a function, method, class or constant is used: calls, types, bases and imports, "
    "the surest first. 'exact' and 'imported' follow the imports; 'by name': the names are the same.",
    risk=Risk.LOW,
    arguments=FindReferences,
    touches=touches_nothing,
    title=lambda arguments: f"looking for uses of {arguments.name}",
    call=_call,
)
