"""The lines of the protocol, read from and written to the streams that were moved away at start."""

from collections.abc import Callable
from typing import BinaryIO

import anyio.to_thread

from codelab.core.redaction import redact_json

MAX_LINE_BYTES = 32 * 1024 * 1024  # as for a message of the language server; more is an attack or a mistake
_PIECE_BYTES = 64 * 1024


class IncomingLines:
    """What the client sends, line by line, as ``stdio_server`` reads it.

    Args:
        reader: The client's end of standard input.
        on_end: Called once when the client has gone away, before the server hears of it.
    """

    def __init__(self, reader: BinaryIO, on_end: Callable[[], None]) -> None:
        self._reader = reader
        self._pending = b""
        self._on_end = on_end

    def __aiter__(self) -> "IncomingLines":
        """Return itself."""
        return self

    async def __anext__(self) -> str:
        """Return the next line; the end of input and a line beyond the limit end the iteration."""
        line = await anyio.to_thread.run_sync(self._read, abandon_on_cancel=True)
        if not line or len(line) > MAX_LINE_BYTES:
            self._on_end()
            raise StopAsyncIteration
        return line.decode("utf-8", "replace")

    def _read(self) -> bytes:
        pieces = [self._pending]
        held = len(self._pending)
        while b"\n" not in pieces[-1] and held <= MAX_LINE_BYTES:
            try:
                piece = self._reader.read(_PIECE_BYTES)
            except (OSError, ValueError):  # closed under the read
                piece = b""
            if not piece:
                self._pending = b""
                return b"".join(pieces)
            pieces.append(piece)
            held += len(piece)
        line, newline, self._pending = b"".join(pieces).partition(b"\n")
        return line + newline


class OutgoingText:
    """Where the server's lines go."""

    def __init__(self, writer: BinaryIO) -> None:
        self._writer = writer

    async def write(self, text: str) -> None:
        """Write a message without the known secrets."""
        await anyio.to_thread.run_sync(self._write, redact_json(text).encode())

    async def flush(self) -> None:
        """Do nothing: every write goes straight out."""

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._writer.write(rest) :]
