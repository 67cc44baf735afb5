"""Changes of text, seen as diffs and edits, and taken back."""

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codelab.core.errors import EditConflict, InputError
from codelab.core.positions import TextEdit, TextPosition, TextRange
from codelab.workspace.edits import (
    apply_text_edits,
    count_changes,
    replace_exact,
    reverse_change,
    text_edits,
    unified_diff,
)

LINE = st.sampled_from(["a", "b", "c", "", "  x", "😀é"])
TEXT = st.tuples(st.lists(st.tuples(LINE, st.sampled_from(["\n", "\n", "\r\n", "\r"]))), LINE).map(
    lambda parts: "".join(line + end for line, end in parts[0]) + parts[1]
)
UNIX_TEXT = st.tuples(st.lists(LINE), LINE).map(lambda parts: "".join(f"{x}\n" for x in parts[0]) + parts[1])


@pytest.mark.req("TOOL-2")
def test_a_passage_that_stands_once_is_replaced() -> None:
    assert replace_exact("one\ntwo\nthree\n", "two\n", "2\n") == "one\n2\nthree\n"
    assert replace_exact("a a a", "a", "b", all_occurrences=True) == "b b b"


@pytest.mark.req("TOOL-1")
def test_a_passage_that_is_not_there_is_answered_with_the_nearest_lines() -> None:
    text = "import os\n\n\ndef total(items):\n    return sum(items)\n"
    with pytest.raises(InputError) as caught:
        replace_exact(text, "def total(item):\n    return 0\n", "")
    assert "nearest lines are 4-5" in caught.value.why
    assert "def total(items):" in caught.value.why
    with pytest.raises(InputError, match="No line is like"):
        replace_exact(text, "zzzzzzzz", "")
    with pytest.raises(InputError, match="file is empty"):
        replace_exact("", "x", "")
    with pytest.raises(InputError, match="is empty"):
        replace_exact(text, "", "x")


@pytest.mark.req("TOOL-1")
def test_a_passage_that_stands_several_times_is_answered_with_its_lines() -> None:
    with pytest.raises(InputError, match="2 times, at lines 1, 3"):
        replace_exact("x = 1\ny = 2\nx = 1\n", "x = 1", "x = 2")


@pytest.mark.req("SAFE-8")
def test_plain_newlines_match_and_become_the_line_ends_of_the_file() -> None:
    assert replace_exact("a\r\nb\r\nc\r\n", "a\nb\n", "1\n2\n3\n") == "1\r\n2\r\n3\r\nc\r\n"
    assert replace_exact("a\r\nb\nc\r\n", "b\n", "B\n") == "a\r\nB\nc\r\n"


@pytest.mark.req("SAFE-2")
@given(before=UNIX_TEXT, after=UNIX_TEXT)
def test_a_diff_counts_what_it_shows_and_is_empty_only_for_equal_texts(before: str, after: str) -> None:
    diff = unified_diff("a.txt", before, after)
    assert bool(diff) == (before != after)
    body = diff.split("\n")[2:]
    shown = sum(x.startswith("+") for x in body), sum(x.startswith("-") for x in body)
    assert shown == count_changes(before, after)


@pytest.mark.req("SAFE-2")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "new\nfile\n"),
        ("gone\n", ""),
        ("no end", "no end\nmore"),
        ("no end", "no end\n"),
        (
            "".join(f"{n}\n" for n in range(60)),
            "".join(f"{n}\n" for n in range(60) if n not in (3, 10, 40)) + "x",
        ),
        ("a\r\nb\r\n", "a\r\nB\r\n"),
    ],
)
def test_git_applies_the_diff_and_gets_the_new_text(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / "f").write_bytes(before.encode())
    diff = unified_diff("f", before, after).encode()
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"], input=diff, cwd=tmp_path, check=True, timeout=30
    )
    assert (tmp_path / "f").read_bytes() == after.encode()


@pytest.mark.req("SAFE-8")
@given(before=TEXT, after=TEXT)
def test_edits_for_an_editor_make_the_new_text_of_the_old(before: str, after: str) -> None:
    edits = text_edits(before, after)
    assert apply_text_edits(before, edits) == after
    for first, second in pairwise(edits):
        assert first.range.end < second.range.start


@pytest.mark.req("SAFE-8")
def test_a_small_change_of_a_large_file_is_a_small_edit() -> None:
    lines = [f"line {n}\n" for n in range(100_000)]
    changed = [*lines[:50_000], "new\n", *lines[50_001:]]
    (edit,) = text_edits("".join(lines), "".join(changed))
    assert edit == TextEdit(TextRange(TextPosition(50_000, 0), TextPosition(50_001, 0)), "new\n")
    assert count_changes("".join(lines), "".join(f"new {n}\n" for n in range(9))) == (9, 100_000)


@pytest.mark.req("SAFE-8")
def test_edits_that_overlap_or_lie_outside_the_text_are_refused() -> None:
    def edit(line: int, start: int, end: int) -> TextEdit:
        return TextEdit(TextRange(TextPosition(line, start), TextPosition(line, end)), "x")

    for edits in ([edit(0, 0, 2), edit(0, 1, 3)], [edit(5, 0, 1)], [edit(0, 2, 1)], [edit(0, 0, 99)]):
        with pytest.raises(InputError):
            apply_text_edits("abc\n", edits)
    assert apply_text_edits("abc\n", [edit(0, 2, 3), edit(0, 0, 1)]) == "xbx\n"


BEFORE = "import os\n\ndef a():\n    return 1\n\ndef b():\n    return 2\n"
AFTER = "import os\n\ndef a():\n    return 10\n\ndef b():\n    return 2\n\ndef c():\n    return 3\n"


@pytest.mark.req("SAFE-8")
@pytest.mark.parametrize(
    ("current", "undone"),
    [
        (AFTER, BEFORE),
        ("# mine\n" + AFTER, "# mine\n" + BEFORE),
        (AFTER + "# mine\n", BEFORE + "# mine\n"),
        (AFTER.replace("import os", "import sys"), BEFORE.replace("import os", "import sys")),
        (
            AFTER.replace("return 2\n", "return 2  # mine\n"),
            BEFORE.replace("return 2\n", "return 2  # mine\n"),
        ),
        (AFTER.replace("return 10", "return 1"), BEFORE),  # the person took a part back already
        (BEFORE, BEFORE),
    ],
)
def test_undo_takes_the_change_back_and_keeps_what_the_person_typed_since(current: str, undone: str) -> None:
    assert reverse_change(BEFORE, AFTER, current) == undone


@pytest.mark.req("SAFE-8")
@pytest.mark.parametrize(
    "current",
    [
        AFTER.replace("return 10", "return 11"),
        AFTER.replace("def c():\n", "def c():\n    # mine\n"),
        AFTER.replace("return 3", "return 33"),
        "",
    ],
)
def test_undo_is_refused_where_the_person_changed_the_very_lines(current: str) -> None:
    with pytest.raises(EditConflict, match="line"):
        reverse_change(BEFORE, AFTER, current)


@pytest.mark.req("SAFE-8")
def test_undo_never_glues_two_lines_together() -> None:
    with pytest.raises(EditConflict):
        reverse_change("a", "a\nb\n", "a\nb\nmine\n")


@pytest.mark.req("SAFE-8")
@given(before=TEXT, after=TEXT)
def test_undo_with_nothing_typed_since_gives_the_text_before(before: str, after: str) -> None:
    assert reverse_change(before, after, after) == before


@pytest.mark.req("SAFE-8")
@given(before=UNIX_TEXT, after=UNIX_TEXT, mine=st.text("mn", min_size=1))
def test_undo_keeps_a_line_typed_at_the_top_or_refuses(before: str, after: str, mine: str) -> None:
    try:
        undone = reverse_change(before, after, f"{mine}\n{after}")
    except EditConflict:
        return
    assert undone == f"{mine}\n{before}"
