"""Bytes from the client, cut into messages, with limits.

A stream that breaks the framing cannot be trusted to be in step again, so the first malformed frame is the
last: the caller answers it with an error and ends.
"""

import json
import re
from collections.abc import Iterator

HEADER_LIMIT = 8 * 1024
"""Longest header of one message, in bytes."""
BODY_LIMIT = 32 * 1024 * 1024
"""Longest body of one message, in bytes."""
DEPTH_LIMIT = 128
"""Deepest nesting of arrays and objects in one message."""

PARSE_ERROR = -32700
INVALID_REQUEST = -32600

_HEADER_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\t]*)")
_LENGTH = re.compile(rb"[0-9]{1,12}")
_CHARSET = re.compile(rb"charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{\]}]', re.DOTALL)


class FrameError(Exception):
    """A frame that is not one.

    Args:
        message: What is wrong, for the client's log.
        code: The JSON-RPC error code.
    """

    def __init__(self, message: str, code: int = PARSE_ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Framer:
    """Collects bytes and gives the messages in them."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None

    def feed(self, data: bytes) -> Iterator[object]:
        """Take more bytes.

        Args:
            data: What was read, any number of bytes.

        Yields:
            Each message that is complete, as the JSON value it holds.

        Raises:
            FrameError: The bytes are no frame of the protocol, or beyond a limit.
        """
        self._buffer += data
        while True:
            if self._length is None:
                self._length = self._take_header()
            if self._length is None or len(self._buffer) < self._length:
                return
            body = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
            self._length = None
            yield parse_body(body)

    def end(self) -> None:
        """Take note that no more bytes come.

        Raises:
            FrameError: The last frame is not complete.
        """
        if self._buffer or self._length is not None:
            raise FrameError("The input ended in the middle of a message")

    def _take_header(self) -> int | None:
        end = self._buffer.find(b"\r\n\r\n", 0, HEADER_LIMIT)
        if end < 0:
            if len(self._buffer) >= HEADER_LIMIT:
                raise FrameError(f"The header of a message is longer than {HEADER_LIMIT} bytes")
            return None
        header = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        return _content_length(header)


def _content_length(header: bytes) -> int:
    length: int | None = None
    for line in header.split(b"\r\n"):
        match = _HEADER_LINE.fullmatch(line)
        if match is None:
            raise FrameError("A header line is not of the form `Name: value`")
        name, value = match[1].lower(), match[2].strip()
        if name == b"content-length":
            if length is not None:
                raise FrameError("A message has two Content-Length headers")
            if not _LENGTH.fullmatch(value):
                raise FrameError("Content-Length is not a number of bytes")
            length = int(value)
        elif name == b"content-type":
            charset = _CHARSET.search(value)
            if charset and charset[1].lower() not in (b"utf-8", b"utf8"):
                raise FrameError("Only UTF-8 is spoken here")
    if length is None:
        raise FrameError("A message has no Content-Length header")
    if length > BODY_LIMIT:
        raise FrameError(f"A message of {length} bytes is longer than the limit of {BODY_LIMIT}")
    return length


def parse_body(body: bytes) -> object:
    """Return the JSON value of a message's body.

    Raises:
        FrameError: It is not UTF-8, not JSON, or nested too deeply.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise FrameError("A message is not valid UTF-8") from None
    if body.count(b"[") + body.count(b"{") > DEPTH_LIMIT and _depth_exceeds(body, DEPTH_LIMIT):
        raise FrameError(f"A message is nested deeper than {DEPTH_LIMIT} levels")
    try:
        value: object = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise FrameError("A message is not valid JSON") from None
    return value


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def _depth_exceeds(body: bytes, limit: int) -> bool:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(body):
        token = body[match.start()]
        if token in b"[{":
            depth += 1
            if depth > limit:
                return True
        elif token in b"]}":
            depth -= 1
    return False
