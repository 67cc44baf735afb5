"""Turns the steps of a rule into the bytes of an answer."""

import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

from tests.support.model_server.scenario import Step


def cut_into(text: str, pieces: int) -> Iterator[str]:
    """Cut text into about equal pieces."""
    size = max(1, -(-len(text) // max(1, pieces)))
    for start in range(0, len(text), size):
        yield text[start : start + size]


def call_deltas(step: Step, index: int) -> Iterator[dict[str, Any]]:
    """Yield the deltas of one tool call: the first with its id and name, then its arguments in pieces."""
    written = step.get("arguments", {})
    text = written if isinstance(written, str) else json.dumps(written)
    first, *rest = list(cut_into(text, step.get("pieces", 1))) or [""]
    head = {"id": step.get("id") or f"call_{index}", "type": "function", "index": index}
    yield {"tool_calls": [{**head, "function": {"name": step["call"], "arguments": first}}]}
    for piece in rest:
        yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def chunk(model: str, delta: dict[str, Any], finish: str | None = None) -> bytes:
    """Return one event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event(
        {"id": "scripted", "object": "chat.completion.chunk", "created": 1, "model": model}, [choice]
    )


def event(head: dict[str, Any], choices: list[dict[str, Any]], **rest: Any) -> bytes:
    """Return one server-sent event."""
    return b"data: " + json.dumps({**head, "choices": choices, **rest}).encode() + b"\n\n"


def ending(model: str, steps: tuple[Step, ...], *, with_usage: bool) -> bytes:
    """Return the last events of a stream: the finish reason, the usage if asked for, the end."""
    head = {"id": "scripted", "object": "chat.completion.chunk", "created": 1, "model": model}
    last = chunk(model, {}, finish_reason(steps))
    counted = event(head, [], usage=usage(steps)) if with_usage else b""
    return last + counted + b"data: [DONE]\n\n"


def finish_reason(steps: tuple[Step, ...]) -> str:
    """Return how the answer ends."""
    named = [step["finish"] for step in steps if "finish" in step]
    return str(named[-1]) if named else "tool_calls" if any("call" in step for step in steps) else "stop"


def usage(steps: tuple[Step, ...]) -> dict[str, int]:
    """Return the token counts of the answer."""
    tokens_in, tokens_out = next((step["usage"] for step in steps if "usage" in step), (10, 5))
    return {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
    }


def whole(model: str, steps: tuple[Step, ...]) -> bytes:
    """Return the answer as one JSON body."""
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if text := "".join(step["say"] for step in steps if "say" in step):
        message["content"] = text
    calls = [step for step in steps if "call" in step]
    deltas = (list(call_deltas({**step, "pieces": 1}, index)) for index, step in enumerate(calls))
    if joined := [delta[0]["tool_calls"][0] for delta in deltas]:
        message["tool_calls"] = joined
    choice = {"index": 0, "message": message, "finish_reason": finish_reason(steps)}
    head = {"id": "scripted", "object": "chat.completion", "created": 1, "model": model}
    return json.dumps({**head, "choices": [choice], "usage": usage(steps)}).encode()


def vectors(body: dict[str, Any], dimensions: int) -> str:
    """Return embeddings that are near each other where texts share words: each word adds to one direction."""
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    data = []
    for number, text in enumerate(texts):
        row = [0.001] * dimensions
        for word in re.findall(r"[a-z]+", text.lower()):
            row[zlib.crc32(word.encode()) % dimensions] += 1.0
        data.append({"object": "embedding", "index": number, "embedding": row})
    count = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": count, "total_tokens": count}
    return json.dumps({"object": "list", "model": body.get("model"), "data": data, "usage": usage})
