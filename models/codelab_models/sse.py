"""Server-sent events out of bytes, with bounds.

Tolerates what servers really send: any of the three line ends, comments, events without the blank line
between them, a byte order mark.
"""

import json
from collections.abc import Iterator
from typing import Any

from codelab_models.failures import FailureKind, failure

DONE = "[DONE]"


class EventReader:
    """Joins bytes to JSON events.

    Args:
        where: Who sends them, for errors.
        line_bytes: Longest line, and longest event.
    """

    def __init__(self, where: str, line_bytes: int) -> None:
        self._where = where
        self._line_bytes = line_bytes
        self._rest = bytearray()
        self._data = ""
        self.done = False

    def feed(self, piece: bytes) -> Iterator[dict[str, Any]]:
        """Yield the events that this piece completes.

        Raises:
            ModelFailure: A line has no end, or an event is not JSON.
        """
        self._rest += piece
        lines: list[bytes] = []
        if b"\n" in piece or b"\r" in piece:
            *lines, rest = bytes(self._rest).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
            self._rest = bytearray(rest)
        if len(self._rest) > self._line_bytes or any(len(line) > self._line_bytes for line in lines):
            raise failure(
                FailureKind.ENDLESS,
                f"{self._where} sent a line without end",
                why=f"Lines of an answer may have {self._line_bytes:,} bytes",
            )
        for line in lines:
            event = self._line(line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
            if event is not None:
                yield event
            if self.done:
                return

    def _line(self, line: str) -> dict[str, Any] | None:
        if line.startswith("data:"):
            self._data += line[5:].removeprefix(" ") + "\n"
            if self._data.strip() == DONE:
                self.done = True
                return None
            event = _json_object(self._data)
            if event is None and len(self._data) > self._line_bytes:
                raise self._garbage(self._data)
            if event is not None:
                self._data = ""
            return event
        if line.strip() == "" and self._data.strip():
            raise self._garbage(self._data)
        if line and line.split(":", 1)[0] not in ("", "event", "id", "retry"):
            raise self._garbage(line)
        return None

    def _garbage(self, text: str) -> Exception:
        return failure(
            FailureKind.GARBAGE,
            f"{self._where} sent something that is not an answer of a model",
            why=f"An event of its stream begins with {text[:40]!r}",
        )


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
