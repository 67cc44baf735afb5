"""Qwen, Hermes and their many descendants: calls between ``<tool_call>`` tags.

Qwen 2.5 and 3 write JSON with name and arguments in them, Qwen 3 Coder and 3.5 write tags again:
``<function=name><parameter=key>value</parameter></function>``, where values are text.
"""

import re

from codelab_models.calls.dialects.written import Written, json_calls

_TAG = re.compile(r"<tool_call>(.*?)(</tool_call>|(?=<tool_call>)|\Z)", re.S)
_FUNCTION = re.compile(r"<function=([^>\s]+)>(.*?)(?:</function>|(?=<function=)|\Z)", re.S)
_PARAMETER = re.compile(
    r"\s*<parameter=([^>\s]+)>\n?(.*?)\n?</parameter>(?=\s*(?:<parameter=|</function>|\Z))", re.S
)
_END_INSIDE = re.compile(r"^</parameter>", re.M)  # a damaged tag behind it hides in the value otherwise


def find(text: str) -> list[Written]:
    """Return the calls between ``<tool_call>`` tags."""
    found: list[Written] = []
    for tag in _TAG.finditer(text):
        if "<function=" in tag[1]:
            found += [_tagged(call, tag.start(), tag.end()) for call in _FUNCTION.finditer(tag[1])]
        else:
            begin, stop = tag.span(1)
            stop = begin + len(text[begin:stop].removesuffix("</tool_call"))  # its end may be cut
            closed = bool(tag[2])
            found += json_calls(text, tag.start(), tag.end(), begin=begin, stop=stop, closed=closed)
    return found


def _tagged(call: "re.Match[str]", start: int, end: int) -> Written:
    arguments: dict[str, str] = {}
    at = 0
    while parameter := _PARAMETER.match(call[2], at):
        if parameter[1] in arguments:
            problem = f"the parameter {parameter[1]} stands twice"
            return Written(start, end, call[1], call[2], problem=problem)
        if _END_INSIDE.search(parameter[2]):
            problem = f"it is not clear where the parameter {parameter[1]} ends"
            return Written(start, end, call[1], call[2], problem=problem)
        arguments[parameter[1]] = parameter[2]
        at = parameter.end()
    rest = call[2][at:].strip()
    if rest:
        problem = f"each argument must stand between <parameter=name> and </parameter>, unlike `{rest[:60]}`"
        return Written(start, end, call[1], call[2], problem=problem)
    if not call[0].endswith("</function>"):
        return Written(start, end, call[1], call[2], problem="it does not end with </function>")
    return Written(start, end, call[1], arguments)
