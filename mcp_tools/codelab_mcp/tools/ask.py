"""``ask``: a question about the code, answered with its sources."""

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from codelab.core.events import RunState
from codelab_mcp.driving import until_ended
from codelab_mcp.face import McpFace
from codelab_mcp.failures import told_plainly
from codelab_mcp.indexing import until_indexed
from codelab_mcp.results import Source, source


class Answered(BaseModel):
    """An answer and the passages it rests on."""

    answer: str
    sources: list[Source]
    agent: str
    model: str = Field(description="Empty when no model is set up: then the answer is what was found.")
    run: str
    session: str


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @server.tool(
        title="Ask about the code",
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    @told_plainly
    async def ask(
        question: Annotated[str, Field(description="The question, in any words.", min_length=1)],
        ctx: Context,
        session: Annotated[str, Field(description="Continue this conversation; empty for a new one.")] = "",
    ) -> Answered:
        """Answer a question about this workspace from its code, with the lines that prove the answer."""
        bench = await face.workbench(ctx)
        await until_indexed(bench, ctx)
        run_id, watched = await face.start(bench.ask(question, session=session))
        result = await until_ended(face, ctx, watched, run_id, bench)
        if result.state is RunState.FAILED:
            raise ToolError(result.error or "The run failed")
        return Answered(
            answer=result.answer,
            sources=[source(span) for span in result.sources],
            agent=result.agent,
            model=result.model,
            run=result.run,
            session=result.session,
        )
