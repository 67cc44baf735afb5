"""Bytes become text and the same bytes again."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codelab.core.errors import InputError
from codelab.workspace.files import decode, encode
from codelab.workspace.text import main_newline, split_lines, with_newlines

LINES = st.lists(
    st.tuples(
        st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"])),
        st.sampled_from(["\n", "\r\n", "\r"]),
    )
)
BOMS = {
    "utf-8": [b"", codecs.BOM_UTF8],
    "utf-16-le": [codecs.BOM_UTF16_LE],
    "utf-16-be": [codecs.BOM_UTF16_BE],
}


@pytest.mark.req("SAFE-8")
@given(LINES, st.sampled_from([(name, bom) for name, boms in BOMS.items() for bom in boms]), st.booleans())
def test_every_encoding_line_end_and_mark_comes_back_byte_for_byte(
    lines: list[tuple[str, str]], form: tuple[str, bytes], final: bool
) -> None:
    encoding, bom = form
    text = "".join(line + end for line, end in lines) + ("" if final else "tail")
    data = bom + text.encode(encoding)
    file = decode("a.txt", data)
    assert encode(file, file.text) == data
    assert (file.encoding, file.bom) == form or not text or not bom
    assert file.had_final_newline == text.endswith(("\n", "\r"))
    assert "".join(split_lines(file.text)) == file.text


@pytest.mark.req("SAFE-8")
@given(st.binary(max_size=200))
def test_any_bytes_come_back_the_same_or_are_called_binary(data: bytes) -> None:
    try:
        file = decode("a.bin", data)
    except InputError as error:
        assert "binary" in error.what
        return
    assert encode(file, file.text) == data


@pytest.mark.req("SAFE-8")
@pytest.mark.parametrize(
    "data",
    [
        b"caf\xe9\nna\xefve\n",
        b"\xff alone",
        b"good \xc3\xa9 then bad \xe9\n",
        b"\xed\xa0\x80 a lone surrogate",
    ],
)
def test_bytes_that_are_not_utf_8_are_kept_while_the_rest_changes(data: bytes) -> None:
    file = decode("latin.txt", data)
    assert file.encoding == "latin-1"
    assert encode(file, "new line\n" + file.text) == b"new line\n" + data


@pytest.mark.req("SAFE-8")
def test_a_character_that_the_encoding_lacks_is_refused_and_named() -> None:
    file = decode("latin.txt", b"caf\xe9")
    with pytest.raises(InputError, match="→"):
        encode(file, file.text + "→")


@pytest.mark.req("SAFE-8")
@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\0\0",
        b"a\0b",
        b"\x89PNG\x01\x02\x03\x04\xff",
        codecs.BOM_UTF16_LE + b"a",
        codecs.BOM_UTF8 + b"\xff",
    ],
)
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="binary"):
        decode("x", data)


@pytest.mark.req("SAFE-8")
def test_lines_end_where_editors_end_them_and_nowhere_else() -> None:
    text = "a\x0cb\u2028c\x85d\r\ne\rf\n\n"
    assert split_lines(text) == ["a\x0cb\u2028c\x85d\r\n", "e\r", "f\n", "\n"]
    assert text.splitlines(keepends=True) != split_lines(text)  # the control: Python knows more line ends
    assert main_newline("a\r\nb\r\nc\n") == "\r\n"
    assert main_newline("") == "\n"
    assert with_newlines("a\r\nb\rc\n", "\r\n") == "a\r\nb\r\nc\r\n"
