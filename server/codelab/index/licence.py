"""The licence at the head of a source file, which says nothing of what the file does.

Most files of many projects begin with the same dozen lines. The words that say what a file is for often stand
right beside them: then they are a small part of their passage, and its vector is that of the licence.
"""

import re

_HEAD = 6_000  # bytes
_MOST_LINES = 80
_LIKELY = (b"opyright", b"icense", b"icence", b"COPYRIGHT", b"LICENSE", b"(c) ")
_COMMENT = re.compile(rb"[ \t]*(?:/\*|\*|//|#|--|;|%|<!--|\(\*|\{-)")
_NOT_ENDING = re.compile(rb"[^\r\n]")
_SAYS_SOMETHING = re.compile(rb"[A-Za-z0-9]")
_LICENCE = re.compile(
    rb"copyright|\(c\) (?:\d{4}|[A-Z])|all rights reserved|spdx-|licen[cs]ed (?:under|to)"
    rb"|licen[cs]e information|licenses/license|this file is part of|redistribut|permission is hereby"
    rb"|provided that the following|as is\"|warrant(?:y|ies)|liab(?:le|ility)|under the (?:terms|licen[cs]e)"
    rb"|copy of the (?:\w+ ){0,4}licen[cs]e|governed by|#region licen[cs]e",
    re.IGNORECASE,
)


def without_licence(data: bytes) -> bytes:
    """Return a text with spaces in place of the licence in its first comments; nothing in it moves.

    Args:
        data: A text in UTF-8.
    """
    head = data[:_HEAD]
    if not any(word in head for word in _LIKELY):
        return data
    lines = head[: head.rfind(b"\n") + 1].splitlines(keepends=True)[:_MOST_LINES]
    kept: list[bytes] = []
    paragraph: list[bytes] = []
    inside, licensed = False, False
    for line in [*lines, b""]:
        opened, closed = line.rfind(b"/*"), line.rfind(b"*/")
        comment = inside or _COMMENT.match(line) is not None
        inside = opened > closed or (inside and closed < 0)
        if comment and _SAYS_SOMETHING.search(line):
            paragraph.append(line)
            continue
        if paragraph and _LICENCE.search(b" ".join([one.strip(b" \t\r\n*/#;%-") for one in paragraph])):
            paragraph = [_NOT_ENDING.sub(b" ", one) for one in paragraph]
            licensed = True
        kept += [*paragraph, line]
        paragraph = []
        if licensed and not comment and line.strip():
            break
    left = b"".join(kept)
    return left + data[len(left) :] if licensed else data
