"""Reading files as they are on disk."""

import codecs
from pathlib import Path

import pytest

from codelab.index.files.content import Reader, blob_key, lines_of, to_utf8


@pytest.mark.req("INDEX-1")
@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain\r\n", "plain\r\n"),
        (codecs.BOM_UTF8 + b"x", "x"),
        ("größe".encode("utf-16"), "größe"),
        (codecs.BOM_UTF16_BE + "größe".encode("utf-16-be"), "größe"),
        ("größe".encode("utf-32"), "größe"),
        (b"a\xffb", "a\ufffdb"),
        (b"one\rtwo\r\nthree", "one\ntwo\r\nthree"),
        (b"x" * 9000 + b"\0", "x" * 9000 + " "),
        (b"", ""),
    ],
)
def test_text_is_brought_to_utf8(raw: bytes, text: str) -> None:
    assert to_utf8(raw) == text.encode()


@pytest.mark.req("INDEX-1")
def test_a_file_with_a_nul_near_its_beginning_is_binary() -> None:
    assert to_utf8(b"\x7fELF\0\0") is None


@pytest.mark.req("INDEX-1")
def test_lines_end_where_editors_end_them() -> None:
    assert lines_of("a\x0cb\u2028c\nd\r\ne".encode()) == ["a\x0cb\u2028c\n", "d\r\n", "e"]


@pytest.mark.req("INDEX-1")
def test_equal_texts_are_one_content_in_one_language_only() -> None:
    assert blob_key(b"x", "c") == blob_key(b"x", "c") != blob_key(b"x", "cpp")


@pytest.mark.req("INDEX-1")
@pytest.mark.parametrize("link", ["folder", "file"])
def test_a_link_put_in_the_way_after_the_walk_is_not_followed(tmp_path: Path, link: str) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    (inside / "sub").mkdir(parents=True)
    outside.mkdir()
    (outside / "a.py").write_text("secret")
    (inside / "sub" / "a.py").write_text("plain")
    reader = Reader(inside)
    assert reader.read("sub/a.py", 100)[0] == b"plain"
    reader.close()
    (inside / "sub" / "a.py").unlink()
    if link == "file":
        (inside / "sub" / "a.py").symlink_to(outside / "a.py")
    else:
        (inside / "sub").rmdir()
        (inside / "sub").symlink_to(outside)
    assert (inside / "sub" / "a.py").read_text() == "secret", "a plain open follows it"
    with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
        reader.read("sub/a.py", 100)
    reader.close()


@pytest.mark.req("INDEX-1")
def test_a_file_that_grew_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 11)
    reader = Reader(tmp_path)
    with pytest.raises(OSError, match="larger than 10 bytes"):
        reader.read("a", 10)
    reader.close()
