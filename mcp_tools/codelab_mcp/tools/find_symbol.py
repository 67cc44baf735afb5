"""``find_symbol``: where a name is defined."""

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from codelab_mcp.face import McpFace
from codelab_mcp.failures import told_plainly
from codelab_mcp.indexing import until_indexed
from codelab_mcp.results import Definition, definition

_MOST = 100


class Found(Definition):
    """A definition of the name."""

    confidence: str = Field(description="exact, imported or by name; seen from the file that was given.")


class Definitions(BaseModel):
    """The definitions of a name, the surest first; `total` counts those that are not listed too."""

    definitions: list[Found]
    total: int


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @server.tool(
        title="Find a definition",
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    @told_plainly
    async def find_symbol(
        name: Annotated[str, Field(description="Such as send or Client.send.", min_length=1)],
        ctx: Context,
        seen_from: Annotated[
            str, Field(description="The file in which the name stands; what it imports comes first.")
        ] = "",
    ) -> Definitions:
        """Find where a function, method, class or constant of this workspace is defined, by its name."""
        bench = await face.workbench(ctx)
        await until_indexed(bench, ctx)
        found = await bench.code.definitions(name, seen_from)
        listed = [
            Found(**definition(one.symbol).model_dump(), confidence=one.confidence) for one in found[:_MOST]
        ]
        return Definitions(definitions=listed, total=len(found))
