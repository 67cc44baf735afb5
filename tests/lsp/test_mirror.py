"""The mirror of the client's documents; pygls' own is the control."""

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

from codelab.lsp.mirror import MirroredDocument, mirrored
from codelab.lsp.paths import file_uri

URI = "file:///w/a.py"


def change(line: int, start: int, end: int, text: str, end_line: int | None = None) -> object:
    last = line if end_line is None else end_line
    place = types.Range(types.Position(line, start), types.Position(last, end))
    return types.TextDocumentContentChangePartial(range=place, text=text)


def changed(kind: type[TextDocument], source: str, *changes: object) -> str:
    document = kind(URI, source=source, version=1)
    for each in changes:
        document.apply_change(each)  # type: ignore[arg-type]
    return document.source


@pytest.mark.req("CARD-1")
@pytest.mark.parametrize("strange", ["\x0c", "\u2028", "\u2029", "\x0b", "\x85", "\x1c"])
def test_a_form_feed_or_line_separator_does_not_move_later_changes(strange: str) -> None:
    source = f"one{strange}\ntwo\nthree\n"
    edit = change(1, 0, 3, "TWO")
    assert changed(MirroredDocument, source, edit) == f"one{strange}\nTWO\nthree\n"
    assert changed(TextDocument, source, edit) != f"one{strange}\nTWO\nthree\n"  # the control


@pytest.mark.req("CARD-1")
@pytest.mark.parametrize(
    ("source", "edit", "expected"),
    [
        ("a😀b\n", change(0, 3, 4, "X"), "a😀X\n"),
        ("a\r\nb\r\n", change(0, 1, 1, "!"), "a!\r\nb\r\n"),
        ("a\r\nb\r\n", change(0, 1, 0, "", end_line=1), "ab\r\n"),
        ("a\nb\n", change(2, 0, 0, "c"), "a\nb\nc"),
        ("a\nb", change(1, 99, 99, "c"), "a\nbc"),
        ("", change(0, 0, 0, "x"), "x"),
        ("a\nb\n", change(0, 0, 0, "", end_line=2), ""),
        ("a\rb", change(1, 0, 1, "c"), "a\rc"),
    ],
)
def test_changes_land_where_the_client_made_them(source: str, edit: object, expected: str) -> None:
    assert changed(MirroredDocument, source, edit) == expected


@pytest.mark.req("CARD-1")
def test_a_closed_file_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"a\r\nb\xff\r\n")
    assert MirroredDocument(file_uri(file)).source == "a\r\nb\udcff\r\n"
    with pytest.raises(UnicodeDecodeError):  # the control
        _ = TextDocument(file_uri(file)).source
    file.write_bytes(b"a\r\n")
    assert MirroredDocument(file_uri(file)).source == "a\r\n"
    assert TextDocument(file_uri(file)).source == "a\n"  # the control


@pytest.mark.req("CARD-1")
def test_a_change_of_a_document_that_is_not_open_is_ignored() -> None:
    identifier = types.VersionedTextDocumentIdentifier(uri=URI, version=2)
    whole = types.TextDocumentContentChangeWholeDocument(text="x")
    mirrored(Workspace("file:///w")).update_text_document(identifier, whole)
    with pytest.raises(KeyError):  # the control
        Workspace("file:///w").update_text_document(identifier, whole)
