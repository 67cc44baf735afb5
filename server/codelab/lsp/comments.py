"""Finding a request in a comment: ``# codelab: raise ValueError when the amount is negative``.

The comment syntax is told by its look, not by the language, so that every language is served.
"""

import re
from dataclasses import dataclass

_MARKS_ANYWHERE = r"#+|//[/!]?|--+|;+|%+"
_MARKS_AT_THE_START = r"'|\"|!|rem\b|\.\."
_ENDS = {
    "/*": "*/",
    "<!--": "-->",
    "(*": "*)",
    "{-": "-}",
    "{#": "#}",
    "--[[": "]]",
    "<%--": "--%>",
    "<#": "#>",
}
_BLOCK_MARKS = "|".join(re.escape(mark) + (r"\*?" if mark == "/*" else "") for mark in _ENDS)

_REQUEST = r"[ \t]*codelab:(?P<text>.*)"
_LINE_REQUEST = re.compile(
    rf"(?P<before>[ \t]*)(?P<mark>{_MARKS_ANYWHERE}|{_MARKS_AT_THE_START}){_REQUEST}", re.IGNORECASE
)
_REQUEST_BESIDE_CODE = re.compile(rf"(?P<before>.*\s)(?P<mark>{_MARKS_ANYWHERE}){_REQUEST}", re.IGNORECASE)
_BLOCK_REQUEST = re.compile(
    rf".*?(?P<mark>{_BLOCK_MARKS})[ \t]*codelab:(?P<text>.*)", re.IGNORECASE | re.DOTALL
)
_BLOCK_START = re.compile(rf"(?P<mark>{_BLOCK_MARKS})[ \t]*(?P<rest>.*)")
_LONGEST_BLOCK = 50
"""Lines looked at on each side of the person's place."""


@dataclass(frozen=True, slots=True)
class CommentRequest:
    """What a comment asks; lines from 0, both included."""

    task: str
    start_line: int
    end_line: int


def find_request(lines: list[str], start_line: int, end_line: int) -> CommentRequest | None:
    """Return the request in a comment at the person's place, or in the line just above it.

    Args:
        lines: The document's lines.
        start_line: First line of the selection, from 0.
        end_line: Last line of the selection.

    Returns:
        The first request whose lines touch the selection, or that ends in the line above it.
    """
    for number in range(max(0, start_line - _LONGEST_BLOCK), min(len(lines), end_line + 1)):
        request = _request_from(lines, number)
        if request and request.task and request.end_line >= start_line - 1:
            return request
    return None


def _request_from(lines: list[str], number: int) -> CommentRequest | None:
    line = lines[number].rstrip("\r\n")
    if "codelab:" not in line.lower():
        return _request_on_next_line(lines, number)
    if block := _BLOCK_REQUEST.fullmatch(line):
        return _block_request(lines, number, block["mark"], block["text"])
    if match := _LINE_REQUEST.fullmatch(line) or _REQUEST_BESIDE_CODE.fullmatch(line):
        return _line_request(lines, number, match)
    return None


def _request_on_next_line(lines: list[str], number: int) -> CommentRequest | None:
    """Find a block comment whose first line is only its mark: ``/**`` and then `` * codelab: ...``."""
    opening = _BLOCK_START.fullmatch(lines[number].strip())
    if not opening or opening["rest"] or number + 1 >= len(lines):
        return None
    text = lines[number + 1].strip().lstrip("*").strip()
    if not text.lower().startswith("codelab:"):
        return None
    found = _block_request(lines, number + 1, opening["mark"], text[len("codelab:") :])
    return CommentRequest(found.task, number, found.end_line)


def _line_request(lines: list[str], number: int, match: re.Match[str]) -> CommentRequest:
    texts, last = [match["text"].strip()], number
    continuation = re.compile(rf"\s*{re.escape(match['mark'])}(?P<text>.*)", re.DOTALL | re.IGNORECASE)
    if not match["before"].strip():  # a comment beside code has no further lines
        for following in lines[number + 1 : number + _LONGEST_BLOCK]:
            more = continuation.fullmatch(following.rstrip("\r\n"))
            text = more["text"].strip() if more else ""
            if not text or text.lower().startswith("codelab:"):
                break
            texts.append(text)
            last += 1
    return CommentRequest(" ".join(filter(None, texts)), number, last)


def _block_request(lines: list[str], number: int, mark: str, first: str) -> CommentRequest:
    end = _ENDS[mark if mark in _ENDS else "/*"]
    texts, last = [], number
    for offset, text in enumerate([first, *lines[number + 1 : number + _LONGEST_BLOCK]]):
        last = number + offset
        body, closed, _ = text.partition(end)
        body = body.strip()
        texts.append(body.lstrip("*").strip() if offset and end == "*/" else body)
        if closed:
            break
    return CommentRequest(" ".join(filter(None, texts)), number, last)
