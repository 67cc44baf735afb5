"""What a request to the chat API wants of a local model."""

from dataclasses import dataclass
from typing import Any

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure
from codelab_models.host.local.dialect import Dialect
from codelab_models.wire import ToolSpec

SAMPLING = ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request, read.

    Attributes:
        tools: What may be called.
        forced: Whether something must be.
        schema: Of the whole answer, or None.
        dialect: How the model writes calls.
        request: What the child is sent.
    """

    tools: tuple[ToolSpec, ...]
    forced: bool
    schema: dict[str, Any] | None
    dialect: Dialect
    request: dict[str, Any]


def read_wanted(fields: dict[str, Any], dialect: Dialect) -> Wanted:
    """Read a request.

    Args:
        fields: Of the chat API.
        dialect: How the model writes calls.

    Raises:
        ModelError: A field is not what the chat API says.
    """
    offered = fields.get("tools") or []
    choice = fields.get("tool_choice") or "auto"
    tools = _tools(offered)
    forced = bool(tools) and choice not in ("auto", "none")
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        tools = tuple(tool for tool in tools if tool.name == name)
        if not tools:
            raise _bad(f"`tool_choice` names {name!r}, which is not among the tools")
    if choice == "none" or not tools:
        offered, tools, forced = [], (), False
    schema = _schema(fields.get("response_format"))
    request: dict[str, Any] = {
        "do": "chat",
        "messages": fields["messages"],
        "tools": offered,
        "max_tokens": _count(fields),
        "sampling": {name: _number(fields[name], name) for name in SAMPLING if name in fields},
        "stop": _stops(fields.get("stop")),
        "prefill": "",
        "schema": schema,
        "calls": None,
    }
    if forced:
        request |= {"prefill": dialect.begin, "schema": calls_schema(tools, dialect)}
    elif tools and dialect.begin and schema is None:
        begin = dialect.begin.strip()
        request["calls"] = {"begin": begin, "end": dialect.end, "schema": calls_schema(tools, dialect)}
    return Wanted(tools, forced, schema, dialect, request)


def calls_schema(tools: tuple[ToolSpec, ...], dialect: Dialect) -> dict[str, Any]:
    """Return the schema of what a model writes to call one of the tools."""
    definitions: dict[str, Any] = {}
    options = []
    for tool in tools:
        parameters = dict(tool.parameters)
        definitions |= parameters.pop("$defs", {})  # of two tools that name theirs alike, the later counts
        parameters.setdefault("type", "object")
        options.append(
            {
                "type": "object",
                "properties": {"name": {"const": tool.name}, dialect.arguments: parameters},
                "required": ["name", dialect.arguments],
                "additionalProperties": False,
            }
        )
    call: dict[str, Any] = options[0] if len(options) == 1 else {"anyOf": options}
    schema = {"type": "array", "items": call, "minItems": 1} if dialect.in_list else call
    return {**schema, "$defs": definitions} if definitions else schema


def _tools(offered: Any) -> tuple[ToolSpec, ...]:
    if not isinstance(offered, list):
        raise _bad("`tools` must be a list")
    tools = []
    for one in offered:
        function = one.get("function") if isinstance(one, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise _bad("Each of `tools` must have a `function` with a `name`")
        parameters = function.get("parameters") or {"type": "object"}
        if not isinstance(parameters, dict):
            raise _bad("The `parameters` of a function must be a JSON schema")
        tools.append(ToolSpec(function["name"], str(function.get("description", "")), parameters))
    return tuple(tools)


def _schema(form: Any) -> dict[str, Any] | None:
    kind = form.get("type", "text") if isinstance(form, dict) else "text"
    if kind == "json_object":
        return {"type": "object"}
    if kind != "json_schema":
        return None
    schema = (form.get("json_schema") or {}).get("schema")
    if not isinstance(schema, dict):
        raise _bad("`response_format` must have a `schema`")
    return schema


def _count(fields: dict[str, Any]) -> int | None:
    given = fields.get("max_completion_tokens", fields.get("max_tokens"))
    if given is not None and (not isinstance(given, int) or given < 1):
        raise _bad("`max_tokens` must be a whole number above 0")
    return given


def _number(value: Any, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _bad(f"`{name}` must be a number")
    return value


def _stops(given: Any) -> list[str]:
    stops = [given] if isinstance(given, str) else given or []
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        raise _bad("`stop` must be a text or a list of texts")
    return stops


def _bad(why: str) -> ModelError:
    return failure(FailureKind.REFUSED, "The local model does not understand the request", why=why)
