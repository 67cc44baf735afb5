"""The documentation of definitions: the first paragraph of a docstring, or of the comments above.

The index does not keep it, since its words are in the chunks; so it is asked for apart from the rest.
"""

import re

from codelab.index.parsing.leading import Leading
from codelab.index.parsing.symbols import Found
from codelab.index.parsing.windows import Lines

MAX_DOC = 320
_MOST_BYTES = 1024

_COMMENT_MARK = re.compile(r"[ \t]*(?:/\*+!?|\*+/|//[/!]*|\*|#+!?|--+(?:\[=*\[)?|<!--+)?")
_COMMENT_END = re.compile(r"[ \t]*(?:\*/|--+>|\]=*\])$")
_COMMENT_TAGS = re.compile(r"</?(?:summary|value|para|p)>")
# What follows the first paragraph of documentation in one or another language.
_COMMENT_FIELDS = ("@", ":param", ":return", "Args:", "- Parameter", "<param", "<returns", "<remarks")
_STRING_START = re.compile(r"^[rRuUbB]{0,2}(?:\"{1,3}|'{1,3})")


def documentation(one: Found, lines: Lines, leading: Leading) -> str:
    """Return the first paragraph of a definition's documentation on one line, or an empty string."""
    if one.doc is not None:
        start, end = one.doc
        text = lines.text(start, min(end, start + _MOST_BYTES))
        return first_paragraph(_STRING_START.sub("", text).rstrip("\"'"))
    span = leading.comment_before(lines.row_of(one.start))
    if span is None:
        return ""
    return first_paragraph(lines.text(span[0], min(span[1], span[0] + _MOST_BYTES)))


def first_paragraph(text: str) -> str:
    """Return the first paragraph of a comment or docstring on one line, without comment marks."""
    words: list[str] = []
    for line in text.splitlines():
        match = _COMMENT_MARK.match(line)
        plain = _COMMENT_END.sub("", line[match.end() if match else 0 :]).strip()
        if "<" in plain:
            plain = _COMMENT_TAGS.sub("", plain).strip()
        if not plain or plain.startswith(_COMMENT_FIELDS):
            if words:
                break
            continue
        words.append(plain)
    return " ".join(words)[:MAX_DOC]
