"""A call as it stands in a text, and reading the JSON forms that most dialects share."""

import re
from typing import Any, NamedTuple

from codelab_models.calls.written_json import Unreadable, read_json

NAMES = ("name", "function", "tool", "tool_name")
ARGUMENTS = ("arguments", "parameters", "args", "input")

_BETWEEN = re.compile(r"[\s;,]*")
_CLOSERS = re.compile(r"[\s}\]]*")
_NAMED = re.compile(r"""["']?(?:name|function|tool|tool_name)["']?\s*[:=]\s*["']([\w.-]+)["']""")


class Written(NamedTuple):
    """A call found in a text.

    Attributes:
        start: Where the whole notation begins in the text.
        end: Behind its last character.
        name: The tool, as far as it can be made out.
        arguments: What was read: an object, or text that is still to be read.
        id: The call's own id, where the dialect has one.
        problem: Why it cannot be understood; empty if it can.
        repairs: What was forgiven.
        closed: The notation ends with its mark, so that nothing of text arguments was cut off.
    """

    start: int
    end: int
    name: str
    arguments: Any
    id: str = ""
    problem: str = ""
    repairs: tuple[str, ...] = ()
    closed: bool = True


def json_calls(text: str, start: int, end: int, *, begin: int, stop: int, closed: bool) -> list[Written]:
    """Read calls written as JSON objects: one, several one after the other, or a list of them.

    Args:
        text: The answer.
        start: Where the notation around them begins.
        end: Where it ends.
        begin: Where the JSON begins.
        stop: Where it ends.
        closed: The notation has its end mark, so nothing was cut off.

    Returns:
        The calls; a last one with a problem where the text between is not all understood.
    """
    found: list[Written] = []
    body = text[begin:stop]
    at = _behind(_BETWEEN, body, 0)
    while at < len(body):
        try:
            read = read_json(body, at, complete=closed)
        except Unreadable as error:
            problem = f"it is no JSON: {error}"
            found.append(Written(start, end, name_in(body[at:]), body[at:], problem=problem))
            return found
        values = read.value if isinstance(read.value, list) else [read.value]
        calls = [call_of(value, start, end, read.repairs) for value in values]
        after = _behind(_CLOSERS, body, read.end)
        if body[read.end : after].strip():
            calls = [call._replace(repairs=(*call.repairs, "surplus closing braces")) for call in calls]
        found += calls
        at = _behind(_BETWEEN, body, after)
    return found or [Written(start, end, "", "", problem="nothing stands in it")]


def call_of(value: Any, start: int, end: int, repairs: tuple[str, ...] = ()) -> Written:
    """Return the call that a JSON value is, in the spellings that models use."""
    if not isinstance(value, dict):
        return Written(start, end, "", value, problem="it must be an object with name and arguments")
    id = value.get("id", "")
    if isinstance(value.get("function"), dict):  # the chat API's own form
        value = value["function"]
    name = next((value[key] for key in NAMES if isinstance(value.get(key), str)), "")
    given = [key for key in ARGUMENTS if key in value]
    arguments = value[given[0]] if given else {}
    problem = ""
    if not name:
        problem = "it does not name a tool"
    elif not given and (set(value) - {*NAMES, "id", "type"} or "closing braces" in repairs):
        problem = "its arguments must stand in an object called arguments"
    return Written(start, end, name, arguments, id if isinstance(id, str) else "", problem, repairs)


def looks_like_a_call(value: Any, names: object) -> bool:
    """Tell whether a JSON value is a call of one of these tools, and not any other data."""
    call = call_of(value, 0, 0)
    return bool(call.name) and isinstance(names, frozenset | set) and bare_name(call.name) in names


def name_in(text: str) -> str:
    """Return the name of the tool in what cannot be read, as well as can be told."""
    found = _NAMED.search(text)
    return found[1] if found else ""


def bare_name(name: str) -> str:
    """Return a tool's name without what models put before it: ``functions.read_file``."""
    return re.split(r"[./:]", name.strip())[-1]


def _behind(pattern: "re.Pattern[str]", text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
