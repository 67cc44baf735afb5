"""Mistral: calls behind ``[TOOL_CALLS]``.

Older templates write a list of JSON objects with name, arguments and id behind it, newer ones the name,
perhaps ``[CALL_ID]`` and an id, ``[ARGS]`` and the arguments, with the mark before each call.
"""

import re

from codelab_models.calls.dialects.written import Written, json_calls

_MARK = re.compile(r"\[TOOL_CALLS\](.*?)(</s>|(?=\[TOOL_CALLS\])|\Z)", re.S)
_NAMED = re.compile(r"\s*([\w.-]+)\s*(?:\[CALL_ID\]\s*(\w*)\s*)?(?:\[ARGS\])?\s*(\{.*)", re.S)


def find(text: str) -> list[Written]:
    """Return the calls behind the mark."""
    found: list[Written] = []
    for mark in _MARK.finditer(text):
        start, end = mark.span()
        if named := _NAMED.fullmatch(mark[1]):
            closed = end < len(text) or bool(mark[2])
            found.append(Written(start, end, named[1], named[3].strip(), named[2] or "", closed=closed))
        else:
            begin, stop = mark.span(1)
            found += json_calls(text, start, end, begin=begin, stop=stop, closed=bool(mark[2]))
    return found
