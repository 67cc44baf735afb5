"""Which part of an answer may be shown while it arrives."""

import re

from codelab_models.calls.grades import Grade

_MARKS = (
    r"<tool_call>|<function=|<\|python_tag\|>|\[TOOL_CALLS\]|<\|tool_call>|<[\uff5c|]tool[\u2581_ ]call"
    r"|```tool_code"
)
_PLAIN = r"|```(?:json|tool_calls?|tool|xml)?[ \t]*\n|^[ \t]*[{\[]"
_THOUGHT = r"\A\s*(?:<think>|\[THINK\])"
_PATTERNS = {
    Grade.NATIVE: re.compile(rf"{_MARKS}|{_THOUGHT}"),
    Grade.TEXT: re.compile(rf"{_MARKS}{_PLAIN}|{_THOUGHT}", re.M),
}
_LONGEST_MARK = 40  # characters, with the space before it
_MAY_BEGIN = re.compile(r"[<\[`][^<\[`]{0,16}\Z")


class Showing:
    """Lets prose through until something begins that may be a call, and the rest of the prose at the end.

    Args:
        grade: How tools were offered. An answer under a schema is shown when it is complete.
    """

    def __init__(self, grade: Grade) -> None:
        self._pattern = _PATTERNS.get(grade)
        self._text = ""
        self._shown = 0
        self._held = self._pattern is None

    def feed(self, text: str) -> str:
        """Take in a piece; return what may be shown now."""
        self._text += text
        if self._held or self._pattern is None:
            return ""
        mark = self._pattern.search(self._text, max(0, self._shown - _LONGEST_MARK))
        if mark is not None and mark.end() > self._shown:
            self._held = True
            return self._up_to(max(mark.start(), self._shown))
        tail = _MAY_BEGIN.search(self._text, self._shown)
        return self._up_to(tail.start() if tail else len(self._text))

    def rest(self, prose: str) -> str:
        """Return what of the complete prose was not shown yet."""
        shown = self._text[: self._shown]
        if prose.startswith(shown):
            return prose[len(shown) :]
        return "" if prose in shown else prose.removeprefix(shown.strip())

    def _up_to(self, end: int) -> str:
        text = self._text[self._shown : end]
        self._shown = end
        return text
