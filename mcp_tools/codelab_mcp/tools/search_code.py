"""``search_code``: passages of code for a query."""

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from codelab_mcp.face import McpFace
from codelab_mcp.failures import told_plainly
from codelab_mcp.indexing import until_indexed
from codelab_mcp.results import Passage, passage


class SearchReport(BaseModel):
    """The passages found, best first; `index` says whether all of the workspace was searched."""

    passages: list[Passage]
    index: str


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @server.tool(
        title="Search the code",
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    @told_plainly
    async def search_code(  # noqa: PLR0917 - the SDK passes arguments by name
        query: Annotated[str, Field(description="Words, a name, or a question.", min_length=1)],
        ctx: Context,
        limit: Annotated[int, Field(ge=1, le=50)] = 10,
        path: Annotated[str, Field(description="A glob such as 'src/**'; empty for all files.")] = "",
        language: Annotated[str, Field(description="Such as 'python' or 'py'; empty for all.")] = "",
        kind: Annotated[str, Field(description="Such as 'function' or 'class'; empty for all.")] = "",
    ) -> SearchReport:
        """Find passages of this workspace's code by words, names or a question, best first."""
        bench = await face.workbench(ctx)
        status = await until_indexed(bench, ctx)
        hits = await bench.search(query, limit=limit, path=path, language=language, kind=kind)
        return SearchReport(passages=[passage(hit) for hit in hits], index=status.state)
