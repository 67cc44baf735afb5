"""``read_range``: lines of a file as the person's editor shows them."""

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations
from pydantic import Field

from codelab.core.errors import InputError
from codelab.core.wording import counted
from codelab_mcp.face import McpFace
from codelab_mcp.failures import told_plainly
from codelab_mcp.results import Source

_MOST_LINES = 1000


class Lines(Source):
    """Lines of a file."""

    text: str
    total_lines: int
    unsaved: bool = Field(description="An editor has the file open with changes that are not on disk yet.")


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @server.tool(
        title="Read lines of a file",
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    @told_plainly
    async def read_range(
        path: Annotated[str, Field(description="Relative to the workspace's root.", min_length=1)],
        ctx: Context,
        start_line: Annotated[int, Field(ge=1, description="The first line, from 1.")] = 1,
        end_line: Annotated[
            int | None, Field(ge=1, description="The last line; at most 1,000 lines.")
        ] = None,
    ) -> Lines:
        """Read lines of a file of this workspace, unsaved changes in an open editor included."""
        bench = await face.workbench(ctx)
        last = min(end_line or start_line + _MOST_LINES - 1, start_line + _MOST_LINES - 1)
        read = await bench.read_range(path, start_line, last)
        if start_line > max(1, read.total_lines):
            raise InputError(
                f"{path} has {counted(read.total_lines, 'line')}", fix="Ask for lines that are there"
            )
        return Lines(
            path=read.span.path,
            start_line=read.span.start_line,
            end_line=read.span.end_line,
            text=read.text,
            total_lines=read.total_lines,
            unsaved=read.unsaved,
        )
