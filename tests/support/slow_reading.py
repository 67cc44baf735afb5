"""The stream of a model that takes long to read: as the model host and llama.cpp's server send it."""

import json


def reading_stream(text: str, *progress: object) -> str:
    """Return a stream that says how far the model has read, then a text.

    Args:
        text: What the model says.
        progress: Values of ``prompt_progress``, one event each.
    """
    empty = {"index": 0, "delta": {}, "finish_reason": None}
    said = [{"choices": [empty], "prompt_progress": one} for one in progress]
    spoken = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    events = [*said, {"choices": [spoken]}, {"choices": [end]}]
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return "".join(f"data: {json.dumps({**head, **event})}\n\n" for event in events) + "data: [DONE]\n\n"


def half_read(text: str) -> str:
    """Return a stream that says once that half of 8,000 tokens is read, then a text."""
    return reading_stream(text, {"processed": 4000, "total": 8000})
