"""Estimates of tokens."""

import pytest

from codelab_models.tokens import tokens_of_message, tokens_of_request, tokens_of_text
from codelab_models.wire import ChatRequest, Message, ToolCall, ToolSpec

pytestmark = pytest.mark.req("MODEL-4")


def test_characters_beyond_ascii_count_more() -> None:
    assert tokens_of_text("a" * 400) == 100
    assert tokens_of_text("字" * 100 + "a" * 400) == 200
    assert tokens_of_text("") == 0


def test_calls_and_tools_count() -> None:
    message = Message("assistant", "", (ToolCall("c", "read_file", "x" * 391),))
    assert tokens_of_message(message) == 108
    tool = ToolSpec("t", "d" * 398, {})
    assert tokens_of_request(ChatRequest((message,), (tool,))) == 208
