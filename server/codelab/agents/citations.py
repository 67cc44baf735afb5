"""Which of the places that an answer cites were really read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from codelab.core.positions import LineSpan

# a path, a colon, a line, and maybe a last line: src/a.py:12-30
_PLACE = re.compile(
    r"(?<![\w/.:@+~-])((?:[\w.@+~-]+/)*[\w.@+~-]+):(\d{1,7})(?:\s?[-\u2013]\s?(\d{1,7}))?(?![\d:])"
)


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """An answer, the places it cites that were read, and those that were not."""

    text: str
    sources: tuple[LineSpan, ...]
    unread: tuple[LineSpan, ...]


def check_citations(answer: str, read: Iterable[LineSpan]) -> CheckedAnswer:
    """Compare the places in an answer with what the run read.

    Args:
        answer: The model's text.
        read: Every span that a tool returned to the model in this run.

    Returns:
        The answer, with a line added that names the cited places that were never read.
    """
    spans = tuple(read)
    paths = {span.path for span in spans}
    sources: dict[LineSpan, None] = {}
    unread: dict[LineSpan, None] = {}
    for match in _PLACE.finditer(answer):
        path = match[1].removeprefix("./")
        start, end = int(match[2]), int(match[3] or match[2])
        cited = LineSpan(path, start, max(start, end))
        if any(cited.overlaps(span) for span in spans):
            sources[cited] = None
        elif path in paths or _is_like_a_file(path):
            unread[cited] = None
    text = answer
    if unread:
        places = ", ".join(f"`{span}`" for span in unread)
        text = f"{answer.rstrip()}\n\n(Cited but not read in this run, so do not rely on it: {places})"
    return CheckedAnswer(text, tuple(sources), tuple(unread))


def _is_like_a_file(path: str) -> bool:
    """Tell ``src/a.py`` from a time of day, a host and its port, or a ratio."""
    name = path.rpartition("/")[2]
    return ("/" in path or "." in path) and any(character.isalpha() for character in name)
