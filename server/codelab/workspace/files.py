"""Files of the workspace, byte for byte: reading, text and back, and writing whole."""

from codelab.workspace.atomic import sweep_temporary, write_atomic
from codelab.workspace.reading import (
    ABSENT,
    MAX_BYTES,
    content_hash,
    read_bytes,
    read_optional,
    read_with_mode,
)
from codelab.workspace.text import TextFile, decode, encode

__all__ = [
    "ABSENT",
    "MAX_BYTES",
    "TextFile",
    "content_hash",
    "decode",
    "encode",
    "read_bytes",
    "read_optional",
    "read_with_mode",
    "sweep_temporary",
    "write_atomic",
]
