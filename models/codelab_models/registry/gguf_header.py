"""The header of a GGUF file: what it says about the model in it, without loading it.

The format is that of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, in little
endian: magic, version, number of tensors, number of key-values, then the key-values.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from codelab.core.errors import InputError
from codelab_models.registry.profile import Facts

MAGIC = b"GGUF"
MOST_HEADER_BYTES = 256 * 1024 * 1024  # the largest vocabularies take some tens of megabytes
MOST_KEYS = 10_000
_VERSIONS = (2, 3)

# Types of values: their numbers in the format, and how struct calls them.
_PLAIN = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_INFILL_TOKENS = ("tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.prefix_token_id")
_TOOLS_IN_TEMPLATE = ("tools", "tool_call")


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a file says about its model.

    Attributes:
        architecture: Such as ``qwen2`` or ``llama``.
        name: The model's name, empty where it has none.
        values: All key-values but arrays, of which only their lengths are kept.
        tensors: How many tensors follow.
    """

    architecture: str
    name: str
    values: dict[str, Any]
    tensors: int

    @property
    def context(self) -> int:
        """Tokens that the model was trained for, 0 where it does not say."""
        value = self.values.get(f"{self.architecture}.context_length", 0)
        return value if isinstance(value, int) else 0

    @property
    def chat_template(self) -> str:
        """The chat template, Jinja, empty where it has none."""
        return str(self.values.get("tokenizer.chat_template", ""))

    @property
    def parts(self) -> int:
        """Of how many files this is the first; 1 for a file that is whole."""
        value = self.values.get("split.count", 0)
        return value if isinstance(value, int) and value > 1 else 1


class _NoHeader(Exception):
    """It is not as the format says."""


def is_gguf(path: Path) -> bool:
    """Tell whether a file begins as GGUF files do."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_gguf_header(path: Path) -> GgufHeader:
    """Read the header of a file.

    Raises:
        InputError: It cannot be read, is no GGUF file, or ends in the middle of its header.
    """
    try:
        with path.open("rb") as file:
            return _header(file)
    except _NoHeader as error:
        raise InputError(
            f"{path} is not a usable GGUF file", why=str(error), fix="Get the file again, or name another"
        ) from None
    except OSError as error:
        raise InputError(
            f"{path} cannot be read",
            why=error.strerror or type(error).__name__,
            fix="Name a GGUF file that you can read",
        ) from error


def gguf_facts(header: GgufHeader) -> Facts:
    """Return what a header says about the capabilities of its model, run by llama.cpp.

    A grammar holds any model to a schema there. Whether it calls tools by itself is taken from its template.
    """
    facts: dict[str, str | int | float | bool] = {"json_schema": True}
    if header.context:
        facts["context"] = header.context
    pooled = f"{header.architecture}.pooling_type" in header.values
    if pooled and not header.chat_template:
        return {**facts, "chat": False, "embedding": True, "json_schema": False}
    template = header.chat_template
    facts["calls"] = "native" if any(word in template for word in _TOOLS_IN_TEMPLATE) else "json"
    if any(key in header.values for key in _INFILL_TOKENS):
        facts["fill_in_the_middle"] = True
    return facts


def _header(file: BinaryIO) -> GgufHeader:
    if file.read(len(MAGIC)) != MAGIC:
        raise _NoHeader("It does not begin as GGUF files do")
    (version,) = _unpack(file, "I")
    if version not in _VERSIONS:
        raise _NoHeader(f"It is of version {version}; {' and '.join(map(str, _VERSIONS))} are known")
    tensors, keys = _unpack(file, "QQ")
    if keys > MOST_KEYS:
        raise _NoHeader(f"It claims to have {keys:,} keys")
    values = dict(_pairs(file, keys))
    architecture = str(values.get("general.architecture", ""))
    return GgufHeader(architecture, str(values.get("general.name", "")), values, tensors)


def _pairs(file: BinaryIO, keys: int) -> Iterator[tuple[str, Any]]:
    for _ in range(keys):
        key = _text(file)
        (kind,) = _unpack(file, "I")
        yield key, _value(file, kind)


def _value(file: BinaryIO, kind: int) -> Any:
    if kind in _PLAIN:
        return _unpack(file, _PLAIN[kind])[0]
    if kind == _STRING:
        return _text(file)
    if kind == _ARRAY:
        return _length_of_array(file)
    raise _NoHeader(f"It has a value of the unknown type {kind}")


def _length_of_array(file: BinaryIO) -> int:
    """Pass over an array and return its length."""
    kind, length = _unpack(file, "IQ")
    if kind in _PLAIN:
        _skip(file, struct.calcsize(f"<{_PLAIN[kind]}") * length)
    elif kind == _STRING:
        for _ in range(length):
            (size,) = _unpack(file, "Q")
            _skip(file, size)
    else:
        raise _NoHeader(f"It has an array of the type {kind}")
    return int(length)


def _text(file: BinaryIO) -> str:
    (size,) = _unpack(file, "Q")
    if size > MOST_HEADER_BYTES:
        raise _NoHeader("It has a text that is too long")
    return _exactly(file, size).decode("utf-8", "replace")


def _skip(file: BinaryIO, size: int) -> None:
    if size > MOST_HEADER_BYTES or file.tell() + size > MOST_HEADER_BYTES:
        raise _NoHeader("Its header is too long")
    file.seek(size, 1)


def _unpack(file: BinaryIO, format: str) -> tuple[Any, ...]:
    return struct.unpack(f"<{format}", _exactly(file, struct.calcsize(f"<{format}")))


def _exactly(file: BinaryIO, size: int) -> bytes:
    read = file.read(size)
    if len(read) < size:
        raise _NoHeader("It ends in the middle of its header")
    return read
