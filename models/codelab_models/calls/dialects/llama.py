r"""Llama 3: calls behind ``<|python_tag|>``, or as ``<function=name>{...}</function>``.

Behind the tag stands JSON with name and parameters, several parted by semicolons, or a call as Python writes
it. Without the tag such JSON is bare and ``plain`` finds it.
"""

import re

from codelab_models.calls.dialects.python_calls import python_calls
from codelab_models.calls.dialects.written import Written, json_calls

_TAG = re.compile(r"<\|python_tag\|>(.*?)(<\|eom_id\|>|<\|eot_id\|>|(?=<\|python_tag\|>)|\Z)", re.S)
_FUNCTION = re.compile(r"<function=([^>\s{]+)>\s*(\{.*?)</function>", re.S)


def find(text: str) -> list[Written]:
    """Return the calls that are marked."""
    found: list[Written] = []
    for tag in _TAG.finditer(text):
        start, end = tag.span()
        if tag[1].lstrip()[:1] in ("{", "["):
            begin, stop = tag.span(1)
            found += json_calls(text, start, end, begin=begin, stop=stop, closed=bool(tag[2]))
        else:
            found += python_calls(tag[1], start, end)
    for call in _FUNCTION.finditer(text):
        found.append(Written(*call.span(), call[1], call[2].strip()))
    return found
