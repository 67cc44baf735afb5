"""``stop``: end a run."""

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from codelab_mcp.face import McpFace
from codelab_mcp.failures import told_plainly


class Stopped(BaseModel):
    """The runs that were ended."""

    runs: list[str]


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @server.tool(
        title="Stop a run",
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )
    @told_plainly
    async def stop(
        ctx: Context,
        run: Annotated[str, Field(description="The run's id; empty for all that you started.")] = "",
    ) -> Stopped:
        """End a run; what the person approved and what was changed stays."""
        bench = await face.workbench(ctx)
        return Stopped(runs=await bench.stop(run))
