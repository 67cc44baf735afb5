"""Positions as clients count them."""

import pytest
from lsprotocol import types

from codelab.core.positions import TextPosition
from codelab.lsp.positions import from_client, offset_of, split_lines, to_client, units

TEXT = "plain\r\naé😀z\n\x0cform feed\u2028still this line\rlast"
LINES = ["plain\r\n", "aé😀z\n", "\x0cform feed\u2028still this line\r", "last"]


@pytest.mark.req("CARD-1")
def test_a_line_ends_at_cr_lf_and_both_and_nothing_else() -> None:
    assert split_lines(TEXT) == LINES
    assert split_lines("") == []
    assert split_lines("a\n") == ["a\n"]
    assert split_lines("\n\r\n\r") == ["\n", "\r\n", "\r"]


@pytest.mark.req("CARD-1")
@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 7), ("utf-16", 4), ("utf-32", 3)])
def test_columns_are_counted_as_the_client_counts(encoding: str, column: int) -> None:
    here = TextPosition(1, 3)  # before the z
    assert to_client(here, LINES, encoding) == types.Position(1, column)
    assert from_client(types.Position(1, column), LINES, encoding) == here


@pytest.mark.req("CARD-1")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_every_position_survives_the_way_there_and_back(encoding: str) -> None:
    for line, text in enumerate(LINES):
        for character in range(len(text.rstrip("\r\n")) + 1):
            here = TextPosition(line, character)
            assert from_client(to_client(here, LINES, encoding), LINES, encoding) == here


@pytest.mark.req("CARD-1")
def test_a_column_inside_a_character_is_its_beginning() -> None:
    assert from_client(types.Position(1, 3), LINES, "utf-16") == TextPosition(1, 2)


@pytest.mark.req("CARD-1")
def test_places_beyond_the_text_are_its_nearest_end() -> None:
    assert from_client(types.Position(0, 99), LINES, "utf-16") == TextPosition(0, 5)
    assert from_client(types.Position(3, 99), LINES, "utf-16") == TextPosition(3, 4)
    assert offset_of(from_client(types.Position(99, 0), LINES, "utf-16"), LINES) == len(TEXT)
    assert from_client(types.Position(7, 7), ["a\n"], "utf-16") == TextPosition(1, 0)
    assert from_client(types.Position(0, 7), [], "utf-16") == TextPosition(0, 0)


@pytest.mark.req("CARD-1")
def test_half_a_surrogate_pair_has_a_length_too() -> None:
    assert units("a\ud83d", "utf-8") == 4
    assert units("a\ud83d", "utf-16") == 2
