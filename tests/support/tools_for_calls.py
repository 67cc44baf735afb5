"""Tools as the tests of the function-call protocol offer them."""

from codelab_models.wire import ToolSpec

READ = ToolSpec(
    "read_file",
    "Read lines of a file.",
    {
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "start_line": {"type": "integer", "minimum": 1, "default": 1},
            "end_line": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
        },
        "required": ["path"],
        "additionalProperties": False,
    },
)
EDIT = ToolSpec(
    "edit_file",
    "Change a file.",
    {
        "$defs": {
            "Replacement": {
                "type": "object",
                "properties": {
                    "old": {"type": "string"},
                    "new": {"type": "string"},
                    "all": {"type": "boolean", "default": False},
                },
                "required": ["old", "new"],
                "additionalProperties": False,
            }
        },
        "type": "object",
        "properties": {
            "path": {"type": "string"},
            "replacements": {"type": "array", "items": {"$ref": "#/$defs/Replacement"}},
        },
        "required": ["path", "replacements"],
        "additionalProperties": False,
    },
)
MAP = ToolSpec("repo_map", "Show the map.", {"type": "object", "properties": {}})
TOOLS = (READ, EDIT, MAP)
