"""The arguments of a call, checked against the JSON schema of its tool."""

from dataclasses import dataclass
from typing import Any

from codelab_models.calls.fitting import fitted
from codelab_models.calls.schemas import problems_of
from codelab_models.calls.written_json import Unreadable, read_json
from codelab_models.wire import ToolSpec

_CLOSERS = " \t\r\n}]"


@dataclass(frozen=True, slots=True)
class Checked:
    """Arguments that fit their tool, or why they do not.

    Attributes:
        arguments: The arguments; empty where there is a problem.
        problem: What is wrong, in words for the model; empty if nothing is.
        repairs: What was put right, in words for a trace.
    """

    arguments: dict[str, Any]
    problem: str = ""
    repairs: tuple[str, ...] = ()


def validate(tool: ToolSpec, arguments: object, *, complete: bool = True) -> Checked:
    """Check the arguments of a call.

    Args:
        tool: The tool that is called.
        arguments: Text as the model wrote it, or a value read from such text.
        complete: Text is known to be all that the model wanted to write; see ``read_json``.
    """
    repairs: tuple[str, ...] = ()
    if isinstance(arguments, str):
        try:
            arguments, repairs = _read(arguments, complete)
        except Unreadable as error:
            return Checked({}, f"its arguments are no JSON: {error}")
    if isinstance(arguments, str):  # JSON inside JSON, which some servers and models write
        whole = arguments.lstrip().startswith("{")
        return validate(tool, arguments, complete=False) if whole else _no_object()
    if not isinstance(arguments, dict):
        return _no_object()
    problems = problems_of(tool.parameters, arguments)
    if not problems:
        return Checked(arguments, repairs=repairs)
    changed = fitted(tool.parameters, arguments, tool.parameters)
    if isinstance(changed, dict) and changed != arguments and not problems_of(tool.parameters, changed):
        return Checked(changed, repairs=(*repairs, "types"))
    return Checked({}, f"{'; '.join(problems)}. {_known(tool)}")


def _read(text: str, complete: bool) -> tuple[Any, tuple[str, ...]]:
    if not text.strip():
        return {}, ()
    read = read_json(text, complete=complete)
    rest = text[read.end :]
    if not rest.strip():
        return read.value, read.repairs
    if rest.strip(_CLOSERS):
        raise Unreadable("something stands behind the arguments", text, read.end)
    return read.value, (*read.repairs, "surplus closing braces")


def _no_object() -> Checked:
    return Checked({}, "its arguments must be one JSON object")


def _known(tool: ToolSpec) -> str:
    properties = tool.parameters.get("properties") or {}
    required = tool.parameters.get("required") or ()
    names = [f"{name} (required)" if name in required else name for name in properties]
    return f"Arguments of {tool.name}: {', '.join(names) or 'none'}"
