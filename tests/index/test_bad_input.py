"""Names and contents that nobody expects: indexed, or reported in a form that every program can read."""

import os
from pathlib import Path

import pytest

from codelab.index.reader import IndexReader
from tests.index.conftest import Index
from tests.index.helpers import reasons, write
from tests.support.command_line import codelab_process

GOOD = "== good.py\ndef good_name():\n    pass\n"


@pytest.mark.slow
@pytest.mark.req("INDEX-1", "CARD-6")
def test_names_that_are_no_text_are_reported_in_valid_json_and_cost_nothing_else(root: Path) -> None:
    write(root, GOOD)
    names = (b"new\nline.py", b"tab\t.py", b"bad\xff\xfe.py", b"escape\x1b[31m.py")
    for name in names:
        (Path(os.fsdecode(os.fsencode(root) + b"/" + name))).write_text("def bad_name():\n    pass\n")
    folder = Path(os.fsdecode(os.fsencode(root) + b"/dir\xff"))
    folder.mkdir()
    (folder / "inside.py").write_text("def bad_name():\n    pass\n")
    data = codelab_process("index", "--root", root, "--json").data
    assert data["files"] == 1
    reported = {one["path"]: one["reason"] for one in data["skipped"]}
    assert set(reported) == {
        "new\\x0aline.py",
        "tab\\x09.py",
        "bad\\xdcff\\xdcfe.py",
        "escape\\x1b[31m.py",
        "dir\\xdcff",
    }
    assert set(reported.values()) == {"its name is not valid UTF-8", "its name holds control characters"}
    told = codelab_process("index", "--root", root)
    assert "\x1b" not in told.out
    assert codelab_process("search", "--root", root, "--json", "good name").data[0]["path"] == "good.py"


@pytest.mark.req("INDEX-2")
@pytest.mark.parametrize("path", ["line.txt", "line.js"])
@pytest.mark.slow
def test_a_line_of_megabytes_is_found_by_its_words_and_shown_in_part(
    root: Path, index: Index, reader: IndexReader, path: str
) -> None:
    words = "".join(f"word{n};" for n in range(120_000))
    (root / path).write_text(words + "\nlast_of_all;\n")
    write(root, GOOD)
    assert index().files == 2
    hits = reader.search("word119999")
    assert hits[0].path == path
    assert all(len(hit.text) <= 50_000 for hit in hits)
    assert reader.search("good name")[0].path == "good.py"
    assert any("last_of_all" in hit.text for hit in reader.search("last_of_all")), "the control"


@pytest.mark.req("INDEX-1")
def test_what_was_a_link_is_indexed_when_it_is_a_file_and_the_other_way_round(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(root, GOOD + "== other.py\ndef other_name():\n    pass\n")
    (root / "link.py").symlink_to("good.py")
    assert "symbolic link" in reasons(index())["link.py"]
    (root / "link.py").unlink()
    (root / "other.py").unlink()
    write(root, "== link.py\ndef linked_name():\n    pass\n")
    (root / "other.py").symlink_to("good.py")
    status = index()
    assert reader.find_symbols("linked_name")
    assert reader.find_symbols("other_name") == []
    assert reasons(status).keys() == {"other.py"}
