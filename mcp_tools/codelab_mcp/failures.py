"""Failures as text that an assistant can act on."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from mcp.server.mcpserver.exceptions import ToolError

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
