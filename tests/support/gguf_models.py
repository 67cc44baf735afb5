"""GGUF files made by the tests, which llama.cpp loads as it does real ones.

``write_random`` makes a model that writes nonsense, of any size; ``write_scripted`` one that always says the
same, for tests of what is made of an answer; ``write_encoder`` an embedder of BERT's kind.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import gguf
import numpy as np

BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
UNKNOWN, BEGIN, END = 0, 1, 2
FIRST_BYTE = 3


def write_random(
    path: Path,
    *,
    width: int = 64,
    layers: int = 2,
    feed: int = 128,
    context: int = 4096,
    template: str = "",
    seed: int = 1,
    kind: Any = np.float32,
) -> Path:
    """Write a llama with random weights and a vocabulary of bytes; about 128 KB unless told otherwise.

    Args:
        path: Where.
        width: Length of its hidden vectors; a multiple of 32.
        layers: Transformer blocks.
        feed: Width of the feed-forward part.
        context: Tokens it claims to have been trained on.
        template: Its chat template.
        seed: Of the weights.
        kind: NumPy's type of the weights; llama.cpp loads float64 and aborts when it computes with it.
    """
    random = np.random.default_rng(seed)
    writer = _llama(path, width=width, layers=layers, feed=feed, context=context, template=template)

    def matrix(rows: int, columns: int) -> Any:
        made = random.standard_normal((rows, columns), dtype=np.float32) * np.float32(columns**-0.5)
        return made.astype(kind)

    embeddings = matrix(FIRST_BYTE + 256, width)
    _add_llama_tensors(writer, width=width, layers=layers, feed=feed, matrix=matrix, embeddings=embeddings)
    return _finish(writer, path)


def write_scripted(
    path: Path,
    pieces: Sequence[str],
    *,
    template: str = "",
    after: str = "\n",
    context: int = 4096,
    endless: bool = False,
) -> Path:
    """Write a llama that says the pieces, each a token, and ends, or begins again.

    Its weights are a table from each token to the next: nothing else of the prompt matters to it.

    Args:
        path: Where.
        pieces: Different texts.
        template: Its chat template.
        after: The character after which it begins; the last of every prompt.
        context: Tokens it claims to have been trained on.
        endless: After the last piece comes the first.
    """
    tokens = FIRST_BYTE + 256 + len(pieces)
    width = -(-tokens // 32) * 32
    writer = _llama(path, width=width, layers=1, feed=32, context=context, template=template, pieces=pieces)
    follows = np.zeros((tokens, width), np.float32)
    chain = [FIRST_BYTE + ord(after), *range(FIRST_BYTE + 256, tokens), FIRST_BYTE + 256 if endless else END]
    for now, then in pairwise(chain):
        follows[then, now] = 10.0
    writer.add_tensor("output.weight", follows)
    identity = np.eye(tokens, width, dtype=np.float32)

    def zeros(rows: int, columns: int) -> Any:
        return np.zeros((rows, columns), np.float32)

    _add_llama_tensors(writer, width=width, layers=1, feed=32, matrix=zeros, embeddings=identity)
    return _finish(writer, path)


def write_encoder(path: Path, *, width: int = 64, seed: int = 1) -> Path:
    """Write a BERT with random weights that knows the letters and digits as its words."""
    random = np.random.default_rng(seed)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789_.()=:"
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens += [f"▁{letter}" for letter in letters] + list(letters)
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_context_length(512)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(width * 2)
    writer.add_head_count(2)
    writer.add_layer_norm_eps(1e-5)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_tokenizer_model("bert")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL] * 5 + [gguf.TokenType.NORMAL] * (len(tokens) - 5))
    writer.add_token_type_count(2)
    for name, number in {
        "padding": 0,
        "unknown": 1,
        "bos": 2,
        "cls": 2,
        "seperator": 3,
        "eos": 3,
        "mask": 4,
    }.items():
        writer.add_uint32(f"tokenizer.ggml.{name}_token_id", number)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(
            name, random.standard_normal(shape, dtype=np.float32) * np.float32(shape[-1] ** -0.5)
        )

    def norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))
        writer.add_tensor(f"{name}.bias", np.zeros(width, np.float32))

    add("token_embd.weight", len(tokens), width)
    add("token_types.weight", 2, width)
    add("position_embd.weight", 512, width)
    norm("token_embd_norm")
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        add(f"blk.0.{part}.weight", width, width)
        writer.add_tensor(f"blk.0.{part}.bias", np.zeros(width, np.float32))
    norm("blk.0.attn_output_norm")
    for part, rows, columns in (("ffn_up", width * 2, width), ("ffn_down", width, width * 2)):
        add(f"blk.0.{part}.weight", rows, columns)
        writer.add_tensor(f"blk.0.{part}.bias", np.zeros(rows, np.float32))
    norm("blk.0.layer_output_norm")
    return _finish(writer, path)


def call_text(name: str, **arguments: Any) -> str:
    """Return a call as models trained on Hermes' form write it, without the tags around it."""
    return json.dumps({"name": name, "arguments": arguments})


def _llama(
    path: Path, *, width: int, layers: int, feed: int, context: int, template: str, pieces: Sequence[str] = ()
) -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(width // 32)
    writer.add_head_count_kv(width // 32)
    writer.add_rope_dimension_count(32)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(["<unk>", "<s>", "</s>", *BYTES, *pieces])
    writer.add_token_scores([0.0] * (FIRST_BYTE + 256 + len(pieces)))
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds += [gguf.TokenType.BYTE] * 256 + [gguf.TokenType.USER_DEFINED] * len(pieces)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(BEGIN)
    writer.add_eos_token_id(END)
    writer.add_unk_token_id(UNKNOWN)
    writer.add_add_space_prefix(False)
    if template:
        writer.add_chat_template(template)
    return writer


def _add_llama_tensors(
    writer: gguf.GGUFWriter, *, width: int, layers: int, feed: int, matrix: Any, embeddings: Any
) -> None:
    writer.add_tensor("token_embd.weight", embeddings)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    for number in range(layers):
        block = f"blk.{number}"
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"{block}.{part}.weight", matrix(width, width))
        for part, rows, columns in (
            ("ffn_gate", feed, width),
            ("ffn_up", feed, width),
            ("ffn_down", width, feed),
        ):
            writer.add_tensor(f"{block}.{part}.weight", matrix(rows, columns))
        for part in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{block}.{part}.weight", np.ones(width, np.float32))


def _finish(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
