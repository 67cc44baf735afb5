"""Headers of GGUF files, written by the format's description: enough to be read, nothing to be run."""

import struct
from pathlib import Path

Value = str | int | float | bool | list[str] | list[int]


def gguf_header(values: dict[str, Value], *, version: int = 3, tensors: int = 0) -> bytes:
    """Return the header of a GGUF file with these key-values."""
    pairs = b"".join(_text(key) + _typed(value) for key, value in values.items())
    return b"GGUF" + struct.pack("<IQQ", version, tensors, len(values)) + pairs


def write_gguf(path: Path, values: dict[str, Value]) -> Path:
    """Write a file that is nothing but a header; its folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gguf_header(values))
    return path


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _typed(value: Value) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", 7, value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case str():
            return struct.pack("<I", 8) + _text(value)
        case [str(), *_]:
            items = b"".join(_text(str(item)) for item in value)
            return struct.pack("<IIQ", 9, 8, len(value)) + items
        case _:
            return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)
