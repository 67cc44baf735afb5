"""What the servers of models answer that count tokens, as their documentation has it; a token is a word."""

import json
from collections.abc import Callable
from typing import Any

Tokenizer = Callable[[dict[str, Any]], Any]


def words_in(body: dict[str, Any]) -> int:
    """Return the words in a conversation and its tools, or in a text."""
    if "prompt" in body:
        return len(body["prompt"].split())
    texts = [message.get("content") or "" for message in body["messages"]]
    return sum(len(text.split()) for text in [*texts, *map(json.dumps, body.get("tools", []))])


def as_vllm() -> dict[str, Tokenizer]:
    """Count conversations."""

    def tokenize(body: dict[str, Any]) -> dict[str, Any]:
        count = words_in(body)
        return {"count": count, "max_model_len": 32_768, "tokens": list(range(count))}

    return {"/tokenize": tokenize}


def as_llama_cpp() -> dict[str, Tokenizer]:
    """Count texts, and make them of conversations."""
    return {
        "/tokenize": lambda body: {"tokens": list(range(len(body.get("content", "").split())))},
        "/apply-template": lambda body: {"prompt": "word " * words_in(body)},
    }
