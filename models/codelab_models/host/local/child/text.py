"""From the bytes of tokens to text that may be shown: whole characters, and nothing of a stop text."""

import codecs
from collections.abc import Sequence


class ShownText:
    """Takes pieces of bytes and gives the text that is safe to show.

    Args:
        stops: Texts at which the answer ends; they are not shown.

    Attributes:
        stopped: The text that was met, or an empty string.
    """

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.stopped = ""

    def feed(self, data: bytes) -> str:
        """Return what may be shown now; what may be the beginning of a stop text waits."""
        return self._show(self._decoder.decode(data))

    def rest(self) -> str:
        """Return what waited, at the end."""
        shown = self._show(self._decoder.decode(b"", final=True)) + self._held
        self._held = ""
        return "" if self.stopped and not shown else shown

    def _show(self, text: str) -> str:
        if self.stopped:
            return ""
        text = self._held + text
        places = [(place, stop) for stop in self._stops if (place := text.find(stop)) >= 0]
        if places:
            place, self.stopped = min(places)
            self._held = ""
            return text[:place]
        held = max((_overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of a text may be the beginning of a stop text."""
    lengths = range(min(len(stop) - 1, len(text)), 0, -1)
    return next((length for length in lengths if text.endswith(stop[:length])), 0)


class JsonEnd:
    """Notices where one JSON object or array is complete."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_text = self._escaped = False
        self.complete = False

    def feed(self, text: str) -> None:
        """Look at more of it."""
        for character in text:
            if self._in_text:
                if self._escaped:
                    self._escaped = False
                elif character == "\\":
                    self._escaped = True
                elif character == '"':
                    self._in_text = False
            elif character == '"':
                self._in_text = True
            elif character in "{[":
                self._depth += 1
            elif character in "}]":
                self._depth -= 1
                if self._depth == 0:
                    self.complete = True
                    return
