"""What the OpenAI API says of an answer, piece by piece."""

import secrets
import time
from typing import Any

from codelab_models.wire import Completion


class Chunks:
    """Makes the chunks of one answer.

    Args:
        model: As the request names it.
    """

    def __init__(self, model: str) -> None:
        self._head = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._calls = 0

    def begun(self) -> dict[str, Any]:
        """Return the first chunk."""
        return self._chunk({"role": "assistant", "content": ""})

    def text(self, text: str) -> dict[str, Any]:
        """Return a piece of text."""
        return self._chunk({"content": text})

    def call(self, name: str, arguments: str) -> dict[str, Any]:
        """Return a whole call."""
        number, self._calls = self._calls, self._calls + 1
        id = secrets.token_hex(5)[:9]  # nine letters and digits, as Mistral's templates demand
        function = {"name": name, "arguments": arguments}
        call = {"index": number, "id": id, "type": "function", "function": function}
        return self._chunk({"tool_calls": [call]})

    def progress(self, done: int, total: int) -> dict[str, Any]:
        """Return a chunk without content that says how much of the prompt is evaluated."""
        return {**self._chunk({}), "prompt_progress": {"processed": done, "total": total}}

    def ended(self, reason: str, done: dict[str, Any]) -> dict[str, Any]:
        """Return the last chunk, with the counts."""
        prompt, written = int(done["prompt_tokens"]), int(done["completion_tokens"])
        usage = {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}
        cached = {"prompt_tokens_details": {"cached_tokens": int(done["cached"])}}
        chunk = self._chunk({}, "tool_calls" if self._calls and reason == "stop" else reason)
        return {**chunk, "usage": {**usage, **cached, "cost": 0.0}}

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def whole_answer(last: dict[str, Any], completion: Completion) -> dict[str, Any]:
    """Return an answer in one piece.

    Args:
        last: The last chunk of it.
        completion: All chunks joined.
    """
    message: dict[str, Any] = {"role": "assistant", "content": completion.message.content or None}
    if calls := completion.message.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in calls
        ]
    choice = {"index": 0, "message": message, "finish_reason": completion.finish_reason}
    return {**last, "object": "chat.completion", "choices": [choice]}
