"""Calls as Python writes them, ``read_file(path="a.py", start_line=3)``: one, several, or a list of them."""

import re
from typing import Any

from codelab_models.calls.dialects.written import Written
from codelab_models.calls.written_json import Unreadable, read_json

_NAME = re.compile(r"\s*([A-Za-z_][\w.-]*)\s*\(\s*")
_KEY = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)\s*")
_AFTER = re.compile(r"\s*(,|\))\s*")
_BETWEEN = re.compile(r"[\s,;]*")
_PRINTED = re.compile(r"\s*print\s*\((.*)\)\s*", re.S)


def python_calls(body: str, start: int, end: int) -> list[Written]:
    """Read calls whose arguments are named and are plain values.

    Args:
        body: What the model wrote inside its notation.
        start: Where the notation begins in the answer.
        end: Where it ends.

    Returns:
        The calls; a last one with a problem where the body is not all understood.
    """
    if printed := _PRINTED.fullmatch(body):
        body = printed[1]
    text = body.strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    found: list[Written] = []
    at = _skip(text, 0)
    while at < len(text):
        name = _NAME.match(text, at)
        try:
            if name is None:
                raise Unreadable("the name of a tool and its arguments in brackets are missing", text, at)
            arguments, at = _arguments(text, name.end())
        except Unreadable as error:
            found.append(Written(start, end, name[1] if name else "", text, problem=str(error)))
            return found
        found.append(Written(start, end, name[1], arguments))
        at = _skip(text, at)
    return found or [Written(start, end, "", body, problem="nothing stands in it")]


def _arguments(text: str, at: int) -> tuple[dict[str, Any], int]:
    made: dict[str, Any] = {}
    if text.startswith(")", at):
        return made, at + 1
    while True:
        key = _KEY.match(text, at)
        if key is None:
            raise Unreadable("each argument must be written as name=value", text, at)
        if key[1] in made:
            raise Unreadable(f"the argument {key[1]} stands twice", text, at)
        read = read_json(text, key.end(), complete=False)
        made[key[1]] = read.value
        after = _AFTER.match(text, read.end)
        if after is None:
            raise Unreadable("a comma or a closing bracket is missing", text, read.end)
        at = after.end()
        if after[1] == ")" or text.startswith(")", at):
            return made, at if after[1] == ")" else at + 1


def _skip(text: str, at: int) -> int:
    between = _BETWEEN.match(text, at)
    return between.end() if between else at
