"""``outline``: the definitions of a file."""

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from codelab_mcp.face import McpFace
from codelab_mcp.failures import told_plainly
from codelab_mcp.indexing import until_indexed
from codelab_mcp.results import Definition, definition


class Outline(BaseModel):
    """The definitions of a file in order."""

    path: str
    definitions: list[Definition]


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @server.tool(
        title="Outline a file",
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    @told_plainly
    async def outline(
        path: Annotated[str, Field(description="Relative to the workspace's root.", min_length=1)],
        ctx: Context,
    ) -> Outline:
        """List the functions, classes, methods or headings that a file defines, with their lines."""
        bench = await face.workbench(ctx)
        await until_indexed(bench, ctx)
        symbols = await bench.outline(path)
        if not symbols:
            await bench.read_range(path, 1, 1)  # says so where there is no such file, or none to be read
        return Outline(path=path, definitions=[definition(symbol) for symbol in symbols])
