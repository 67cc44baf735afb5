"""What goes to the client, with the known secrets taken out."""

from typing import Protocol

from codelab.core.redaction import redact_json

_END_OF_HEADER = b"\r\n\r\n"
_EXACT = frozenset({"newText"})
"""Members that are left as they are: text of the person's own files, which the client writes into them."""


class Writer(Protocol):
    """Where messages go."""

    def write(self, data: bytes) -> None:
        """Send one message with its header."""
        ...


class RedactedWriter:
    """Passes messages on without the known secrets.

    Args:
        writer: Where they go.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def write(self, data: bytes) -> None:
        """Send one message; its header is made anew where something was taken out."""
        header, end, body = data.partition(_END_OF_HEADER)
        text = body.decode()
        clean = redact_json(text, exact=_EXACT)
        if clean is not text:
            body = clean.encode()
            lines = [line for line in header.split(b"\r\n") if not line.startswith(b"Content-Length:")]
            header = b"\r\n".join([b"Content-Length: %d" % len(body), *lines])
        self._writer.write(header + end + body)

    def close(self) -> None:
        """Do nothing: whoever made the writer closes it."""
