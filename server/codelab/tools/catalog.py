"""The tools there are, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from codelab.tools import (
    edit_file,
    find_references,
    find_symbol,
    outline,
    read_file,
    repo_map,
    run_command,
    search_code,
)
from codelab.tools.contract import Tool
from codelab_models.wire import ToolSpec

TOOLS: Mapping[str, Tool[Any]] = MappingProxyType(
    {
        tool.name: tool
        for tool in (
            *(read_file.TOOL, search_code.TOOL, find_symbol.TOOL, find_references.TOOL, outline.TOOL),
            *(repo_map.TOOL, edit_file.TOOL, run_command.TOOL),
        )
    }
)


def tool_spec(tool: Tool[Any]) -> ToolSpec:
    """Return a tool as a model sees it."""
    return ToolSpec(tool.name, tool.description, tool.arguments.model_json_schema())
