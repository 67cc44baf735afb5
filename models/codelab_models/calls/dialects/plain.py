"""Calls without marks: in a fence, or bare at the beginning of a line, as JSON or as Python calls.

Such text may as well be an example in an answer, so only calls of tools that were offered count.
"""

import re
from collections.abc import Collection

from codelab_models.calls.dialects.python_calls import python_calls
from codelab_models.calls.dialects.written import (
    Written,
    bare_name,
    json_calls,
    looks_like_a_call,
    name_in,
)
from codelab_models.calls.written_json import Unreadable, read_json

_FENCE = re.compile(r"```(?:json|tool_call|tool_calls|tool|xml|)[ \t]*\n(.*?)(?:(\n[ \t]*```)|\Z)", re.S)
_ANY_FENCE = re.compile(r"```.*?(?:```|\Z)", re.S)
_BEGINS = re.compile(r"^[ \t]*(?=[{\[])", re.M)
_END = re.compile(r"(?:<\|\w+\|>|</s>|<end_of_turn>)\Z")
_BARE_END = re.compile(r"[\s;,]*(?=[{\[])")


def find(text: str, names: Collection[str]) -> list[Written]:
    """Return the calls of these tools that stand unmarked in a text."""
    known = frozenset(names)
    found: list[Written] = []
    for fence in _FENCE.finditer(text):
        if _begins_a_call(fence[1], known):
            begin, stop = fence.span(1)
            found += json_calls(text, *fence.span(), begin=begin, stop=stop, closed=bool(fence[2]))
    fences = [fence.span() for fence in _ANY_FENCE.finditer(text)]
    at = 0
    while begins := _BEGINS.search(text, at):
        start = begins.end()
        at = start + 1
        if any(begin <= start < end for begin, end in fences):
            continue
        if _begins_a_call(text, known, start):
            end = _end_of(text, start)
            found += json_calls(text, start, end, begin=start, stop=end, closed=False)
            at = end
    return found or _python(text, known)


def _begins_a_call(text: str, names: frozenset[str], start: int = 0) -> bool:
    """Tell whether JSON begins here that is, or was meant as, a call of one of these tools."""
    if not text[start : start + 100].lstrip().startswith(("{", "[")):
        return False
    try:
        value = read_json(text, start, complete=False).value
    except Unreadable:
        return bare_name(name_in(text[start : start + 200])) in names
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(looks_like_a_call(one, names) for one in values)


def _end_of(text: str, start: int) -> int:
    """Return where bare JSON ends: behind its last value, or with the text where it cannot be read."""
    at = start
    while True:
        try:
            at = read_json(text, at, complete=False).end
        except Unreadable:
            return len(text)
        following = _BARE_END.match(text, at)
        if following is None:
            return at
        at = following.end()


def _python(text: str, names: frozenset[str]) -> list[Written]:
    """Return the calls of an answer that is a list of Python calls, as Llama 3.2 and Gemma write it."""
    body = _END.sub("", text.strip()).strip()
    if not (body.startswith("[") and body.endswith("]")):
        return []
    start = text.index("[")
    found = python_calls(body, start, start + len(body))
    return found if all(bare_name(call.name) in names for call in found) else []
