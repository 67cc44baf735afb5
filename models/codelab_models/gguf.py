"""Reads the head of a GGUF file: what model it holds and how much memory that wants. Standard library only.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import hashlib
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from codelab.core.errors import ModelError
from codelab_models.failures import FailureKind, failure

ENCODERS = frozenset(
    {
        *("bert", "modern-bert", "neo-bert", "eurobert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2"),
        *("jina-bert-v3", "gemma-embedding", "t5encoder"),
    }
)
"""Architectures that embed texts and cannot write any."""

_MAGIC = b"GGUF"
_FORMATS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST_TEXT = 4_000_000
_MOST_ENTRIES = 10_000_000
_KEPT_ENTRIES = 1024  # of an array; vocabularies are longer and nobody here needs them
_MOST_KEYS = 100_000
_SAMPLE_BYTES = 65_536
_PART = re.compile(r"-(\d{5})-of-(\d{5})$")


@dataclass(frozen=True, slots=True)
class GgufFacts:
    """What a GGUF file says about its model.

    Attributes:
        path: The file; of a model in parts, the first.
        size_bytes: Of all its parts.
        architecture: As llama.cpp names it, such as ``qwen2``.
        name: What its makers call it; may be empty.
        context_length: Tokens it was trained to read.
        layers: Transformer blocks.
        embedding_length: Length of its hidden vectors.
        vocabulary: Number of its tokens.
        kv_bytes_per_token: Memory of the attention cache for one token, in 16-bit numbers.
        chat_template: Jinja source, empty where it has none.
        embeds: Whether it was made to embed texts.
        writes: Whether it can write text.
        metadata: All values but long arrays.
    """

    path: Path
    size_bytes: int
    architecture: str
    name: str
    context_length: int
    layers: int
    embedding_length: int
    vocabulary: int
    kv_bytes_per_token: int
    chat_template: str
    embeds: bool
    writes: bool
    metadata: Mapping[str, Any] = field(repr=False)


def read_gguf(path: Path) -> GgufFacts:
    """Read what a GGUF file holds; the tensors are not read, but must be there.

    Args:
        path: The file; of a model in parts, the first.

    Raises:
        ModelError: There is no such file, it is no GGUF, of an unknown version, or not complete.
    """
    try:
        with path.open("rb") as file:
            head = _Head(file, path)
            metadata, lengths = head.metadata()
            head.check_tensors(metadata)
        size = sum(part.stat().st_size for part in _parts(path))
    except FileNotFoundError as error:
        what = f"There is no file {error.filename}"
        raise failure(FailureKind.UNKNOWN_MODEL, what, fix=_CHOOSE) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise failure(FailureKind.UNKNOWN_MODEL, f"{path} cannot be read", why=why, fix=_CHOOSE) from None
    return _facts(path, size, metadata, lengths)


def fingerprint(path: Path) -> str:
    """Return a name for the contents of a file, from its size and three samples of 64 KiB.

    Raises:
        ModelError: It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            digest.update(size.to_bytes(8, "little"))
            for start in (0, size // 2, max(0, size - _SAMPLE_BYTES)):
                file.seek(start)
                digest.update(file.read(_SAMPLE_BYTES))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise failure(FailureKind.UNKNOWN_MODEL, f"{path} cannot be read", why=why, fix=_CHOOSE) from None
    return digest.hexdigest()[:16]


def is_later_part(path: Path) -> bool:
    """Tell whether a file is the second or a later part of a model in parts."""
    found = _PART.search(path.stem)
    return found is not None and found[1] != "00001"


def without_part(stem: str) -> str:
    """Return a file's name without what says which part it is."""
    return _PART.sub("", stem)


_CHOOSE = "Name a GGUF file in `models.chat`, as `gguf:/path/to/file.gguf`"
_AGAIN = "Download it again"


class _Head:
    """Reads the file from its beginning; every length in it is checked before it is believed."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path
        self._size = file.seek(0, 2)
        file.seek(0)
        if (magic := file.read(4)) != _MAGIC:
            why = "It is empty" if not magic else "It does not begin with GGUF"
            raise failure(FailureKind.UNKNOWN_MODEL, f"{path} is no GGUF file", why=why, fix=_CHOOSE)
        (version,) = self._unpack("<I")
        if version not in (2, 3):
            raise self._broken(f"It is of version {version}; CodeLab reads 2 and 3")
        self._tensors, self._keys = self._unpack("<QQ")
        if self._keys > _MOST_KEYS or self._tensors > _MOST_KEYS:
            raise self._broken("Its head makes no sense")

    def metadata(self) -> tuple[dict[str, Any], dict[str, int]]:
        """Return the values, and the length of each array."""
        values: dict[str, Any] = {}
        lengths: dict[str, int] = {}
        for _ in range(self._keys):
            key = self._text()
            (kind,) = self._unpack("<I")
            if kind == _ARRAY:
                entries, lengths[key] = self._array()
                if entries is not None:
                    values[key] = entries
            else:
                values[key] = self._value(kind)
        return values, lengths

    def check_tensors(self, metadata: Mapping[str, Any]) -> None:
        """Fail if a tensor begins behind the end of the file."""
        last = 0
        for _ in range(self._tensors):
            self._text()
            (dimensions,) = self._unpack("<I")
            if dimensions > 8:
                raise self._broken("Its head makes no sense")
            *_, offset = self._unpack(f"<{dimensions}QIQ")
            last = max(last, offset)
        alignment = metadata.get("general.alignment", 32)
        alignment = alignment if isinstance(alignment, int) and alignment > 0 else 32
        begins = -(-self._file.tell() // alignment) * alignment
        if self._tensors and begins + last >= self._size:
            raise self._cut()

    def _unpack(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(layout, self._bytes(struct.calcsize(layout)))

    def _bytes(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise self._cut()
        return data

    def _text(self) -> str:
        (length,) = self._unpack("<Q")
        if length > _LONGEST_TEXT:
            raise self._broken("Its head makes no sense")
        return self._bytes(length).decode("utf-8", "replace")

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._text()
        if kind not in _FORMATS:
            raise self._broken("Its head makes no sense")
        return self._unpack("<" + _FORMATS[kind])[0]

    def _array(self) -> tuple[list[Any] | None, int]:
        kind, count = self._unpack("<IQ")
        if count > _MOST_ENTRIES or (kind != _STRING and kind not in _FORMATS):
            raise self._broken("Its head makes no sense")
        if count <= _KEPT_ENTRIES:
            return [self._value(kind) for _ in range(count)], count
        if kind == _STRING:
            for _ in range(count):
                (length,) = self._unpack("<Q")
                if length > self._size:
                    raise self._cut()
                self._file.seek(length, 1)
        else:
            self._file.seek(count * struct.calcsize(_FORMATS[kind]), 1)
        if self._file.tell() > self._size:
            raise self._cut()
        return None, count

    def _cut(self) -> ModelError:
        return self._broken("It ends too early, as after a download that broke off")

    def _broken(self, why: str) -> ModelError:
        return failure(FailureKind.UNKNOWN_MODEL, f"{self._path} cannot be loaded", why=why, fix=_AGAIN)


def _facts(path: Path, size: int, metadata: dict[str, Any], lengths: dict[str, int]) -> GgufFacts:
    architecture = str(metadata.get("general.architecture", ""))

    def number(key: str, default: int = 0) -> int:
        value = metadata.get(f"{architecture}.{key}", default)
        return value if isinstance(value, int) and value >= 0 else default

    layers, embedding = number("block_count"), number("embedding_length")
    heads = number("attention.head_count", 1) or 1
    of_each_layer = metadata.get(f"{architecture}.attention.head_count_kv")
    kv_heads_in_all = layers * number("attention.head_count_kv", heads)
    if isinstance(of_each_layer, list):
        kv_heads_in_all = sum(count for count in of_each_layer if isinstance(count, int))
    width = embedding // heads
    of_one_head = number("attention.key_length", width) + number("attention.value_length", width)
    encodes = architecture in ENCODERS
    return GgufFacts(
        path=path,
        size_bytes=size,
        architecture=architecture,
        name=str(metadata.get("general.name", "")),
        context_length=number("context_length", 2048),
        layers=layers,
        embedding_length=embedding,
        vocabulary=lengths.get("tokenizer.ggml.tokens", 0),
        kv_bytes_per_token=kv_heads_in_all * of_one_head * 2,
        chat_template=str(metadata.get("tokenizer.chat_template", "")),
        embeds=encodes or number("pooling_type") > 0,
        writes=not encodes,
        metadata=metadata,
    )


def _parts(path: Path) -> list[Path]:
    found = _PART.search(path.stem)
    if not found:
        return [path]
    stem = without_part(path.stem)
    return [path.with_stem(f"{stem}-{n:05}-of-{found[2]}") for n in range(1, int(found[2]) + 1)]
