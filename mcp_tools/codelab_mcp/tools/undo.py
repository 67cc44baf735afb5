"""``undo``: put back what an approved change replaced, once the person says so."""

from typing import Annotated

from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult, MCPServer, Resolve
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from codelab.core.errors import Denied
from codelab.core.visible import visible
from codelab_mcp.face import McpFace, can_elicit
from codelab_mcp.failures import told_plainly


class UndoForm(BaseModel):
    """What the person answers."""

    undo: bool = Field(title="Undo", description="Put back what the change replaced.")


class Undone(BaseModel):
    """What was put back."""

    paths: list[str]
    message: str


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @told_plainly
    async def ask_person(ctx: Context, checkpoint: str) -> Elicit[UndoForm] | UndoForm:
        if not can_elicit(ctx):
            return UndoForm(undo=False)
        change = await (await face.workbench(ctx)).change(checkpoint)
        question = f"An assistant asks to undo the change of {change.path}, which was:"
        return Elicit(f"{visible(question)}\n\n{visible(change.diff)}", UndoForm)

    @server.tool(
        title="Undo a change",
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
        ),
    )
    @told_plainly
    async def undo(
        ctx: Context,
        confirmed: Annotated[ElicitationResult[UndoForm], Resolve(ask_person)],
        checkpoint: Annotated[
            str, Field(description="The change, as `run` named it: `checkpoint`.", min_length=1)
        ],
    ) -> Undone:
        """Put back what an approved change replaced; the person is asked first."""
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
