"""``find_references``: where a name is used."""

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from codelab_mcp.face import McpFace
from codelab_mcp.failures import told_plainly
from codelab_mcp.indexing import until_indexed


class Use(BaseModel):
    """A use of the name."""

    path: str
    line: int
    kind: str = Field(description="call, type, base or import.")
    symbol: str = Field(description="The definition that it stands in, or empty.")
    confidence: str = Field(description="exact and imported follow the imports; by name: the same name.")
    text: str


class References(BaseModel):
    """The uses of a name, the surest first; `complete` says whether these are all."""

    uses: list[Use]
    complete: bool


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @server.tool(
        title="Find uses of a name",
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    @told_plainly
    async def find_references(
        name: Annotated[str, Field(description="Such as send or Client.send.", min_length=1)],
        ctx: Context,
        defined_in: Annotated[str, Field(description="Only uses of what this file defines.")] = "",
        limit: Annotated[int, Field(ge=1, le=1000)] = 100,
    ) -> References:
        """Find where a function, method, class or constant of this workspace is used."""
        bench = await face.workbench(ctx)
        await until_indexed(bench, ctx)
        found = await bench.code.references(name, defined_in=defined_in, limit=limit + 1)
        uses = [
            Use(
                path=one.path,
                line=one.line,
                kind=one.kind,
                symbol=one.symbol,
                confidence=one.confidence,
                text=one.text,
            )
            for one in found[:limit]
        ]
        return References(uses=uses, complete=len(found) <= limit)
