"""``repo_map``: the most used definitions of the repository by file."""

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from codelab_mcp.face import McpFace
from codelab_mcp.failures import told_plainly
from codelab_mcp.indexing import until_indexed


class Map(BaseModel):
    """The map: each file, and indented below it lines and signatures of its most used definitions."""

    text: str
    tokens: int = Field(description="Of the text, at four characters each.")
    files: list[str] = Field(description="The files shown, the most important first.")
    files_total: int


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @server.tool(
        title="Map of the repository",
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    @told_plainly
    async def repo_map(
        ctx: Context,
        tokens: Annotated[int, Field(ge=50, le=20000, description="Most tokens of the text.")] = 1500,
        files: Annotated[list[str], Field(description="Files or folders that it is about.")] = [],  # noqa: B006 - the SDK reads the default, nobody changes it
        words: Annotated[str, Field(description="Words that it is about.")] = "",
    ) -> Map:
        """Show the most important definitions of this workspace by file, told from how much they are used."""
        bench = await face.workbench(ctx)
        await until_indexed(bench, ctx)
        drawn = await bench.code.repo_map(tokens=tokens, files=files, words=words)
        return Map(
            text=drawn.text,
            tokens=drawn.tokens,
            files=[file.path for file in drawn.files],
            files_total=drawn.files_total,
        )
