"""Failures as text that an assistant can act on."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import ValidationError

from codelab.core.errors import CodeLabError

P = ParamSpec("P")
R = TypeVar("R")


def told_plainly(tool: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Make a tool's ``CodeLabError`` a tool error: what happened, why, what can be done."""

    @wraps(tool)
    async def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await tool(*args, **kwargs)
        except CodeLabError as error:
            raise ToolError(str(error)) from error

    return told


class PlainServer(MCPServer):
    """A server that tells in words which arguments of a call make no sense."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool.

        Raises:
            ToolError: The arguments are not those of the tool, or the tool failed.
        """
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            wrong = error.__cause__.errors(include_url=False, include_context=False, include_input=False)
            told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong[:5])
            raise ToolError(f"The arguments of {name} are not valid: {told}") from error.__cause__
