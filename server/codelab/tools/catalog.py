"""The tools there are, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from codelab.tools import (
    edit_file,
    find_references,
    find_symbol,
    git_blame,
    git_branch,
    git_commit,
    git_diff,
    git_log,
    git_merge,
    git_pull,
    git_push,
    git_status,
    outline,
    read_file,
    repo_map,
    run_command,
    run_tests,
    search_code,
)
from codelab.tools.contract import Tool
from codelab_models.wire import ToolSpec

TOOLS: Mapping[str, Tool[Any]] = MappingProxyType(
    {
        tool.name: tool
        for tool in (
            *(read_file.TOOL, search_code.TOOL, find_symbol.TOOL, find_references.TOOL, outline.TOOL),
            *(repo_map.TOOL, edit_file.TOOL, run_command.TOOL, run_tests.TOOL),
            *(git_status.TOOL, git_diff.TOOL, git_log.TOOL, git_blame.TOOL),
            *(git_commit.TOOL, git_branch.TOOL, git_merge.TOOL, git_pull.TOOL, git_push.TOOL),
        )
    }
)


class _Terse(GenerateJsonSchema):
    """A schema without what a model reads with each request and learns nothing from."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False  # it is the field's name again

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        made = super().model_schema(schema)
        return {key: value for key, value in made.items() if key not in ("title", "description")}


def tool_spec(tool: Tool[Any]) -> ToolSpec:
    """Return a tool as a model sees it."""
    return ToolSpec(tool.name, tool.description, tool.arguments.model_json_schema(schema_generator=_Terse))
