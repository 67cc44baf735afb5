"""An embedder of the sentence-transformers kind, made by the tests: a table of vectors behind an ONNX graph.

The file is written as protocol buffers are (https://protobuf.dev/programming-guides/encoding, with the field
numbers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), so that no library is needed for it.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

_FLOAT, _INT64 = 1, 7
_IR_VERSION, _OPSET = 8, 13


def write_sentence_model(
    folder: Path,
    words: Sequence[str],
    *,
    width: int = 16,
    seed: int = 1,
    pooling: dict[str, Any] | None = None,
    prompts: dict[str, str] | None = None,
    tokens: int = 64,
    file: str = "onnx/model.onnx",
) -> Path:
    """Write the folder of an embedder; return it.

    Args:
        folder: Where.
        words: What it knows; each has a random vector, all others one in common.
        width: Length of its vectors.
        seed: Of these.
        pooling: What is in the settings of its pooling; the mean unless given.
        prompts: What it wants before queries and documents.
        tokens: Most tokens of a text.
        file: The name of its ONNX file.
    """
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    vocabulary = {word: number for number, word in enumerate(("[UNK]", *words))}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()  # type: ignore[assignment]
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.random.default_rng(seed).standard_normal((len(vocabulary), width)).astype(np.float32)
    (folder / file).write_bytes(_model(table))
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [{"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in kinds.items()]
    _write(folder / "modules.json", modules)
    (folder / "1_Pooling").mkdir(exist_ok=True)
    _write(folder / "1_Pooling" / "config.json", pooling or {"pooling_mode_mean_tokens": True})
    _write(folder / "sentence_bert_config.json", {"max_seq_length": tokens})
    if prompts is not None:
        _write(folder / "config_sentence_transformers.json", {"prompts": prompts})
    return folder


def _write(path: Path, data: object) -> None:
    path.write_text(json.dumps(data), encoding="utf-8")


def _model(table: "np.ndarray[Any, np.dtype[np.float32]]") -> bytes:
    """Return a graph that looks the vector of each token up: (batch, tokens) to (batch, tokens, width)."""
    node = _text(1, "table") + _text(1, "input_ids") + _text(2, "last_hidden_state") + _text(4, "Gather")
    initializer = (
        _numbers(1, table.shape) + _number(2, _FLOAT) + _text(8, "table") + _part(9, table.tobytes())
    )
    graph = _part(1, node) + _text(2, "embedder") + _part(5, initializer)
    graph += _part(11, _value("input_ids", _INT64, ("batch", "tokens")))
    graph += _part(11, _value("attention_mask", _INT64, ("batch", "tokens")))
    graph += _part(12, _value("last_hidden_state", _FLOAT, ("batch", "tokens", "width")))
    return _number(1, _IR_VERSION) + _part(7, graph) + _part(8, _text(1, "") + _number(2, _OPSET))


def _value(name: str, kind: int, dimensions: Sequence[str]) -> bytes:
    shape = b"".join(_part(1, _text(2, one)) for one in dimensions)
    return _text(1, name) + _part(2, _part(1, _number(1, kind) + _part(2, shape)))


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _numbers(field: int, numbers: Sequence[int]) -> bytes:
    return b"".join(_number(field, number) for number in numbers)


def _part(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _part(field, text.encode())
