"""``continue_run``: wait on for a run that had to wait for the person, or take up an interrupted one."""

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import InputRequiredResult, ToolAnnotations
from pydantic import Field

from codelab_mcp.asking import asked_before, brought_answer
from codelab_mcp.driving import carry_on
from codelab_mcp.face import McpFace
from codelab_mcp.failures import told_plainly
from codelab_mcp.results import RunReport


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @server.tool(
        title="Continue a run",
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
        ),
    )
    @told_plainly
    async def continue_run(
        run: Annotated[str, Field(description="The run's id.", min_length=1)],
        ctx: Context,
        wait_seconds: Annotated[float, Field(ge=0, le=600, description="Longest wait for the person.")] = 45,
    ) -> RunReport | InputRequiredResult:
        """Return a run's result once the person has answered what it waits for; this tool answers nothing.

        A run that was interrupted because its program ended is taken up again.
        """
        bench = await face.workbench(ctx)
        asked = asked_before(ctx)
        watched = face.find(run)
        if watched is None:
            watched = face.watch(await bench.resume(run))
        elif asked is not None and (answer := brought_answer(ctx)) is not None:
            watched.answer(asked.approval, answer)
        return await carry_on(face, ctx, watched, run, patience=wait_seconds)
