"""``run``: let the coder change files, each change approved by the person."""

from typing import Annotated, Literal

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import InputRequiredResult, ToolAnnotations
from pydantic import Field

from codelab.workbench.types import Mode
from codelab_mcp.asking import asked_before, brought_answer
from codelab_mcp.driving import carry_on
from codelab_mcp.face import McpFace, can_elicit
from codelab_mcp.failures import told_plainly
from codelab_mcp.results import RunReport


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @server.tool(
        title="Change the code",
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
        ),
    )
    @told_plainly
    async def run(
        task: Annotated[str, Field(description="What to change, in any words.", min_length=1)],
        ctx: Context,
        session: Annotated[str, Field(description="Continue this conversation; empty for a new one.")] = "",
        mode: Annotated[
            Literal["", "ask", "plan", "allow-edits"],
            Field(
                description="ask: each change is put before the person; plan: read only. Empty: as in the "
                "session so far. allow-edits only where the person's settings let you choose it."
            ),
        ] = "",
    ) -> RunReport | InputRequiredResult:
        """Let the coder agent change files. Every change is put before the person and made only on their yes.

        Returns the result, or, while the person has to answer elsewhere, what is waited for: then tell them,
        and call continue_run.
        """
        bench = await face.workbench(ctx)
        asked = asked_before(ctx)
        watched = face.find(asked.run) if asked is not None else None
        if asked is not None and watched is not None:
            if (answer := brought_answer(ctx)) is not None:
                watched.answer(asked.approval, answer)
            return await carry_on(face, ctx, watched, asked.run)
        chosen = Mode(mode) if mode else None
        run_id, watched = await face.start(
            bench.act(task, session=session, mode=chosen, wait=not can_elicit(ctx))
        )
        return await carry_on(face, ctx, watched, run_id)
