"""About how many tokens a text has, where nothing better is known.

Every model has a tokenizer of its own and most servers keep it to themselves, but say afterwards how many
tokens a request had. The estimate here is made before, and corrected by that count.
"""

import json
from collections.abc import Sequence

from codelab_models.wire import ChatRequest, Message, ToolSpec

CHARACTERS_PER_TOKEN = 4  # the usual rule of thumb for English and code
_OVERHEAD = 4  # tokens around each message, as published for the chat format of OpenAI's models


def tokens_of_text(text: str) -> int:
    """Return an estimate: a quarter of a token for an ASCII character, one for each other."""
    if text.isascii():
        return len(text) // CHARACTERS_PER_TOKEN
    ascii_ones = sum(map(str.isascii, text))
    return ascii_ones // CHARACTERS_PER_TOKEN + len(text) - ascii_ones


def tokens_of_message(message: Message) -> int:
    """Return an estimate for one message with its calls."""
    calls = sum(tokens_of_text(call.name + call.arguments) + _OVERHEAD for call in message.calls)
    return tokens_of_text(message.content) + calls + _OVERHEAD


def tokens_of_tools(tools: Sequence[ToolSpec]) -> int:
    """Return an estimate for tools as they are offered."""
    return sum(tokens_of_text(tool.description + json.dumps(tool.parameters)) for tool in tools)


def tokens_of_request(request: ChatRequest) -> int:
    """Return an estimate for a whole request."""
    return sum(map(tokens_of_message, request.messages)) + tokens_of_tools(request.tools)
