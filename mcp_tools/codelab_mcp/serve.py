"""The MCP server over standard input and output."""

import asyncio
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mcp.server import MCPServer
from mcp.server.stdio import stdio_server

from codelab import __version__
from codelab.core.logs import log_to_error_output
from codelab.core.stdio import ProtocolStreams
from codelab_mcp.face import McpFace, OpenWorkbench
from codelab_mcp.failures import PlainServer
from codelab_mcp.streams import IncomingLines, OutgoingText
from codelab_mcp.tools import (
    ask,
    continue_run,
    find_references,
    find_symbol,
    index_status,
    outline,
    read_range,
    repo_map,
    run,
    search_code,
    stop,
    undo,
)

if TYPE_CHECKING:
    import anyio

_TOOLS = (
    *(search_code, find_symbol, find_references, outline, repo_map, read_range, index_status),
    *(ask, run, continue_run, stop, undo),
)


async def serve(
    streams: ProtocolStreams,
    open_workbench: OpenWorkbench,
    *,
    root: Path | None,
    find_default: Callable[[], Path],
) -> None:
    """Serve one client until it goes away.

    Args:
        streams: Where the client is, moved away from the standard descriptors.
        open_workbench: Opens the workbench of a workspace.
        root: The workspace that the person named, or None to ask the client.
        find_default: Finds a workspace where neither names one.
    """
    log_to_error_output()
    face = McpFace(open_workbench, root, find_default)
    server = build_server(face)

    def client_left() -> None:
        face.client_left = True

    incoming = cast("anyio.AsyncFile[str]", IncomingLines(streams.reader, client_left))
    outgoing = cast("anyio.AsyncFile[str]", OutgoingText(streams.writer))
    try:
        async with stdio_server(incoming, outgoing) as (read_stream, write_stream):
            # The public run_stdio_async takes no streams, and would claim descriptors only now.
            kernel = server._lowlevel_server
            await kernel.run(read_stream, write_stream, kernel.create_initialization_options())
    finally:
        face.client_left = True
        await asyncio.shield(face.close())


def build_server(face: McpFace) -> MCPServer:
    """Return a server with all tools."""
    server = PlainServer(
        "codelab",
        title="CodeLab",
        instructions=resources.files("codelab_mcp").joinpath("instructions.md").read_text(encoding="utf-8"),
        version=__version__,
        log_level="ERROR",
    )
    for tool in _TOOLS:
        tool.add(server, face)
    return server
