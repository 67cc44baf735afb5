"""``index_status``: how the index stands."""

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

from codelab_mcp.face import McpFace
from codelab_mcp.failures import told_plainly

_SKIPPED_LISTED = 50


class SkippedFile(BaseModel):
    """A file that is not indexed."""

    path: str
    reason: str


class IndexReport(BaseModel):
    """How the index stands."""

    root: str
    state: str = Field(description="missing, building, unfinished, fresh, failed or paused")
    files: int
    total: int
    chunks: int
    symbols: int
    languages: dict[str, int]
    updated_at: float = Field(description="Unix time of the last completed change, or 0.")
    embedded: int = Field(description="Chunks that have a vector.")
    embedding_error: str = Field(description="Why the others get none, or empty.")
    last_error: str
    skipped: list[SkippedFile] = Field(description="The first files that are left out.")
    skipped_total: int


def add(server: MCPServer, face: McpFace) -> None:
    """Register the tool."""

    @server.tool(
        title="Status of the index",
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    @told_plainly
    async def index_status(ctx: Context) -> IndexReport:
        """Say what is indexed, whether the index is fresh, and what was left out."""
        bench = await face.workbench(ctx)
        status = await bench.index_status()
        return IndexReport(
            root=str(bench.root),
            state=status.state,
            files=status.files,
            total=status.total,
            chunks=status.chunks,
            symbols=status.symbols,
            languages=status.languages,
            updated_at=status.updated_at,
            embedded=status.embedded,
            embedding_error=status.embedding_error,
            last_error=status.last_error,
            skipped=[
                SkippedFile(path=skipped.path, reason=skipped.reason)
                for skipped in status.skipped[:_SKIPPED_LISTED]
            ],
            skipped_total=len(status.skipped),
        )
