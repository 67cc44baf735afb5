"""Gemma: Python calls in a ``tool_code`` fence, or ``<|tool_call>call:name{...}<tool_call|>``.

Gemma 3 has no marks of its own and writes what it is asked for; Google's prompts ask for Python calls or for
JSON, which ``plain`` finds. Gemma 4 has marks, writes strings between ``<|"|>`` and names without quotes.
"""

import json
import re

from codelab_models.calls.dialects.python_calls import python_calls
from codelab_models.calls.dialects.written import Written

_FENCE = re.compile(r"```tool_code[ \t]*\n(.*?)(?:```|\Z)", re.S)
_CALL = re.compile(r"<\|tool_call>\s*call:([\w.-]+)\s*(\{.*?)(<tool_call\|>|(?=<\|tool_call>)|\Z)", re.S)
_STRING = re.compile(r'<\|"\|>(.*?)<\|"\|>', re.S)


def find(text: str) -> list[Written]:
    """Return the calls that are marked."""
    found: list[Written] = []
    for fence in _FENCE.finditer(text):
        found += python_calls(fence[1], *fence.span())
    for call in _CALL.finditer(text):
        arguments = _STRING.sub(lambda string: json.dumps(string[1], ensure_ascii=False), call[2])
        problem = "" if call[3] else "it does not end with <tool_call|>"
        found.append(Written(*call.span(), call[1], arguments.strip(), problem=problem))
    return found
