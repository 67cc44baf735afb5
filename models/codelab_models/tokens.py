"""About how many tokens a text has, where nothing better is known.

Every model has a tokenizer of its own and most servers keep it to themselves, but say how many tokens a
request had, or what was too long about it. The estimate here is made before, and corrected by these counts.
"""

import json
from collections.abc import Sequence

from codelab_models.wire import ChatRequest, Message, ToolSpec

_OVERHEAD = 4  # tokens around each message, as published for the chat format of OpenAI's models

_LETTERS = b"abcdefghijklmnopqrstuvwxyz"
_WEIGHTS = (
    (_LETTERS, 25),
    (_LETTERS.upper(), 70),
    (b"0123456789", 60),
    (b"\n", 90),
    (bytes(byte for byte in range(33, 127) if not chr(byte).isalnum()), 40),
    (bytes(range(0xC0, 0xE0)), 65),
    (bytes(range(0xE0, 0xF0)), 95),
    (bytes(range(0xF0, 0x100)), 250),
)
# Hundredths of a token for a byte of each class; the last three begin characters of two to four bytes.
# Fitted to the tokenizers cl100k_base, o200k_base and Claude 2's over code in ten languages, documentation,
# data and texts in fifteen languages; tests/models/test_tokens.py holds them to what they promise.


def tokens_of_text(text: str) -> int:
    """Return an estimate, from how many characters of which kind there are.

    Of a file of code or English it is about a quarter off, a third at most; of text in any other language or
    form it is at least half and at most two and a half times the number. Tokenizers differ that much.
    """
    data = text.encode("utf-8", "replace")
    size = len(data)
    return sum((size - len(data.translate(None, kind))) * weight for kind, weight in _WEIGHTS) // 100


def tokens_of_message(message: Message) -> int:
    """Return an estimate for one message with its calls."""
    calls = sum(tokens_of_text(call.name + call.arguments) + _OVERHEAD for call in message.calls)
    return tokens_of_text(message.content) + calls + _OVERHEAD


def tokens_of_tools(tools: Sequence[ToolSpec]) -> int:
    """Return an estimate for tools as they are offered."""
    return sum(
        tokens_of_text(tool.name + tool.description + json.dumps(tool.parameters)) + _OVERHEAD
        for tool in tools
    )


def tokens_of_request(request: ChatRequest) -> int:
    """Return an estimate for a whole request."""
    return sum(map(tokens_of_message, request.messages)) + tokens_of_tools(request.tools)
