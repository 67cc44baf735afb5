"""``undo``: put back what an approved change replaced, once the person says so."""

from typing import Annotated

from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult, MCPServer, Resolve
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from codelab.core.errors import Denied
from codelab_mcp.face import McpFace, can_elicit
from codelab_mcp.failures import told_plainly


class UndoForm(BaseModel):
    """What the person answers."""

    undo: bool = Field(title="Undo", description="Put back what the change replaced.")


class Undone(BaseModel):
    """What was put back."""

    paths: list[str]
    message: str


async def _ask_person(ctx: Context, checkpoint: str) -> Elicit[UndoForm] | UndoForm:
    if not can_elicit(ctx):
        return UndoForm(undo=False)
    which = f"the change {checkpoint}" if checkpoint else "the last change of an agent"
    return Elicit(f"An assistant asks to undo {which}.", UndoForm)


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @server.tool(
        title="Undo a change",
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
        ),
    )
    @told_plainly
    async def undo(
        ctx: Context,
        confirmed: Annotated[ElicitationResult[UndoForm], Resolve(_ask_person)],
        checkpoint: Annotated[str, Field(description="Which change; empty for the last one.")] = "",
    ) -> Undone:
        """Put back what the last approved change replaced; the person is asked first."""
        if not isinstance(confirmed, AcceptedElicitation) or not confirmed.data.undo:
            raise Denied(
                "Nothing was undone",
                why="The person was asked and did not agree"
                if can_elicit(ctx)
                else "This client cannot ask them",
                fix="They can undo it in their editor or with `codelab undo`",
            )
        bench = await face.workbench(ctx)
        undone = await bench.undo(checkpoint)
        return Undone(paths=list(undone.paths), message=undone.message)
