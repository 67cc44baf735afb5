"""Text shown to a person who is to approve it."""

import pytest

from codelab.core.visible import visible


@pytest.mark.req("SAFE-2")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, tabs\tand\nlines", "plain text, tabs\tand\nlines"),
        ("Grüße, 你好, שלום", "Grüße, 你好, שלום"),
        ("if admin\u202e\u2066: pass", "if admin<U+202E><U+2066>: pass"),
        ("pass\u200bword", "pass<U+200B>word"),
        ("\x1b[2Kgone", "<U+001B>[2Kgone"),
        ("a\rb\x00c\u2028d", "a<U+000D>b<U+0000>c<U+2028>d"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_what_could_hide_or_reorder_text_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown
