"""Rules: when a request looks like this, then say, call, stall, cut, or fail like that."""

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

Step = dict[str, Any]
"""One thing the model does, as in the JSON form: ``{"say": "hi", "pieces": 2}``."""


@dataclass(frozen=True)
class When:
    """A rule; the methods add steps and return the longer rule.

    Attributes:
        text: Stands in the last message (its content, or the question of the person if it is a user's).
        matches: A regular expression found in the last message.
        role: The last message's role: ``user``, ``tool``.
        nth: Answers only the nth request that the server gets, from 1.
        times: Answers at most so many requests; 0 means any number.
    """

    text: str = ""
    matches: str = ""
    role: str = ""
    nth: int = 0
    times: int = 0
    steps: tuple[Step, ...] = field(default=())

    def say(self, text: str, *, pieces: int = 1, delay: float = 0.0) -> "When":
        """Write text, cut into so many pieces, one each so many seconds by the clock."""
        return self._add({"say": text, "pieces": pieces, "delay": delay})

    def call(self, name: str, arguments: dict[str, Any] | str, *, pieces: int = 1, id: str = "") -> "When":
        """Call a tool; several calls in one rule are parallel calls. A string is sent as it is."""
        return self._add({"call": name, "arguments": arguments, "pieces": pieces, "id": id})

    def stall(self) -> "When":
        """Wait until the client goes away or the test calls ``release``."""
        return self._add({"stall": True})

    def cut(self) -> "When":
        """Close the connection here, in the middle of the answer."""
        return self._add({"cut": True})

    def raw(self, body: str, *, type: str = "text/event-stream", length: int | None = None) -> "When":
        """Answer exactly this body; ``length`` is a Content-Length that may lie."""
        return self._add({"raw": body, "type": type, "length": length})

    def garbage(self) -> "When":
        """Answer what no model answers: a web page."""
        return self.raw("<html><body>It works!</body></html>", type="text/html")

    def status(self, status: int, message: str = "", *, code: str = "", retry_after: str = "") -> "When":
        """Refuse with an HTTP status and an OpenAI error object."""
        error = {"status": status, "message": message or f"scripted {status}", "code": code}
        return self._add({**error, "retry_after": retry_after})

    def never_ends(self, text: str = "and so on ") -> "When":
        """Write this text for ever."""
        return self._add({"never_ends": text})

    def endless_line(self) -> "When":
        """Write one line for ever."""
        return self._add({"endless_line": True})

    def finish(self, reason: str) -> "When":
        """End with this finish reason instead of ``stop`` or ``tool_calls``."""
        return self._add({"finish": reason})

    def usage(self, tokens_in: int, tokens_out: int) -> "When":
        """Count so many tokens."""
        return self._add({"usage": [tokens_in, tokens_out]})

    def whole(self) -> "When":
        """Answer in one piece of JSON even if a stream was asked for."""
        return self._add({"whole": True})

    def _add(self, step: Step) -> "When":
        return replace(self, steps=(*self.steps, step))

    def fits(self, body: dict[str, Any], number: int, used: int) -> bool:
        """Tell whether the rule answers a request: its body, its number from 1, uses of the rule so far."""
        last = (body.get("messages") or [{}])[-1]
        content = last.get("content") or ""
        text = content if isinstance(content, str) else json.dumps(content)
        return (
            not (self.times and used >= self.times)
            and self.nth in (0, number)
            and self.role in ("", last.get("role"))
            and self.text in text
            and bool(re.search(self.matches, text))
        )
