"""DeepSeek: calls between tokens of their own.

V3 and R1 write the word function, a separator, the name and the arguments in a fence; V3.1 writes the name,
the separator and the arguments. The tokens hold a full-width bar (U+FF5C) and a block (U+2581), which some
servers turn into plain characters.
"""

import re

from codelab_models.calls.dialects.written import Written

_BAR, _GAP = r"[\uff5c|]", r"[\u2581_ ]"
_BEGIN = rf"<{_BAR}tool{_GAP}call{_GAP}begin{_BAR}>"
_SEPARATOR = rf"<{_BAR}tool{_GAP}sep{_BAR}>"
_END = rf"<{_BAR}tool{_GAP}call{_GAP}end{_BAR}>"
_ALL_BEGIN = rf"(?:<{_BAR}tool{_GAP}calls{_GAP}begin{_BAR}>\s*)?"
_ALL_END = rf"(?:\s*<{_BAR}tool{_GAP}calls{_GAP}end{_BAR}>)?"
_CALL = re.compile(rf"{_ALL_BEGIN}{_BEGIN}(.*?)(?:({_END}){_ALL_END}|(?={_BEGIN})|\Z)", re.S)
_FENCED = re.compile(rf"\s*function\s*{_SEPARATOR}\s*([\w.-]+)\s*```(?:json)?(.*?)(?:```\s*|\Z)", re.S)
_PLAIN = re.compile(rf"\s*([\w.-]+)\s*{_SEPARATOR}(.*\S.*)", re.S)
_NO_FORM = "the name of a tool, the separator and the arguments must stand in it"


def find(text: str) -> list[Written]:
    """Return the calls between the tokens."""
    found = []
    for call in _CALL.finditer(text):
        form = _FENCED.fullmatch(call[1]) or _PLAIN.fullmatch(call[1])
        if form is None:
            found.append(Written(*call.span(), "", call[1], problem=_NO_FORM))
        else:
            closed = call[2] is not None
            found.append(Written(*call.span(), form[1], form[2].strip(), closed=closed))
    return found
