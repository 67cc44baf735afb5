"""What a person sees of the passages that a search found."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from codelab.cli.colouring import coloured_lines
from codelab.cli.passages import MOST_LINES, best_lines, show_lines, show_passage
from codelab.cli.terminal import Terminal
from codelab.index.searching.query import understand
from codelab.index.types import Hit
from tests.support.at_terminal import at_terminal, seen

pytestmark = pytest.mark.req("INDEX-4", "CARD-6")

CODE = '''\
def send_with_retry(path):
    """Retry a failed
    upload."""
    return "again" if path else None  # retries
'''


@pytest.fixture(autouse=True)
def coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def check_pieces(text: str, language: str | None, query: str, expected: list[list[tuple[str, str]]]) -> None:
    """Check which pieces of each line have a style."""
    lines = coloured_lines(text, language, understand(query).terms)
    assert ["".join(piece for piece, _ in line) for line in lines] == text.split("\n")
    assert [[piece for piece in line if piece[1]] for line in lines] == expected


def test_matching_words_keywords_strings_and_comments_are_told_apart() -> None:
    check_pieces(
        CODE,
        "python",
        "retry uploads",
        [
            [("def", "keyword"), ("retry", "match")],
            [('"""', "string"), ("Retry", "match"), (" a failed", "string")],
            [("    ", "string"), ("upload", "match"), ('."""', "string")],
            [
                ("return", "keyword"),
                ('"again"', "string"),
                ("if", "keyword"),
                ("else", "keyword"),
                ("# ", "comment"),
                ("retries", "match"),
            ],
            [],
        ],
    )
    check_pieces(
        "a = `x`; // sendAll\n",
        "typescript",
        "sendall",
        [[("`x`", "string"), ("// ", "comment"), ("sendAll", "match")], []],
    )
    check_pieces("don't return", "markdown", "anything", [[]])


def test_a_short_passage_is_shown_whole_and_a_long_one_around_its_best_lines() -> None:
    lines = ["def f():", *(f"    a{n} = {n}" for n in range(60))]
    lines[40] = "    retry(upload)"
    lines[5] = "    upload()"
    terms = understand("retry the upload").terms
    assert best_lines(lines[:MOST_LINES], terms) == list(range(MOST_LINES))
    shown = best_lines(lines, terms)
    assert len(shown) == MOST_LINES and shown[0] == 0
    assert shown[1] < 40 < shown[-1] and shown[1:] == list(range(shown[1], shown[-1] + 1))
    assert best_lines(lines, ())[0] == 0


def show(hit: Hit, text: str, first_line: int, root: Path, lines: int) -> str:
    """Return what the person sees of a passage found for "retry"."""
    with at_terminal() as person:
        terms = understand("retry").terms
        show_passage(hit, text, Terminal(as_json=False), first_line=first_line, terms=terms, root=root)
        return seen(person, lines)


def test_a_heading_leads_to_the_line_and_context_stands_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    hit = Hit("src/up.py", 3, 6, 1.0, "send_with_retry", "function", CODE)
    text = show(hit, f"import os\n\n{CODE}\nx = 1\n", 1, tmp_path, 9)
    plain = re.sub(r"\x1b\[[\d;]*m", "", text).replace("\r\n", "\n").split("\n")
    assert plain[0] == "up.py:3  function send_with_retry"
    assert plain[1] == "1   import os" and plain[3] == "3 │ def send_with_retry(path):"
    assert plain[8] == "8   x = 1"
    assert "\x1b[1;33mretry\x1b[0m" in text and "\x1b[35mdef\x1b[0m" in text


def test_without_colours_the_same_lines_are_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    hit = Hit("up.py", 1, 4, 1.0, "", "window", CODE)
    text = show(hit, CODE, 1, tmp_path, 5)
    assert "\x1b" not in text and "1 │ def send_with_retry(path):" in text


def piped(hit: Hit, text: str, first_line: int, *, whole: bool) -> list[str]:
    """Return the lines that another program reads."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        terminal = Terminal(as_json=False)
        show_lines(hit, text, terminal, first_line=first_line, root=Path.cwd(), whole=whole)
    return out.getvalue().splitlines()


def test_in_a_pipe_lines_stand_whole_behind_their_places() -> None:
    long = f"    return {'x' * 500}"
    hit = Hit("src/up.py", 2, 4, 1.0, "Client.send", "method", f"@twice\r\ndef send(self):\r\n{long}\r\n")
    assert piped(hit, hit.text, 2, whole=False) == ["src/up.py:3:def send(self):"]
    around = piped(hit, f"import os\n{hit.text}\n", 1, whole=True)
    assert around == [
        "src/up.py-1-import os",
        "src/up.py:2:@twice",
        "src/up.py:3:def send(self):",
        f"src/up.py:4:{long}",
        "src/up.py-5-",
    ]
    nameless = Hit("src/up.py", 2, 4, 1.0, "", "module", "a = 1\nb = 2\n")
    assert piped(nameless, nameless.text, 2, whole=False) == ["src/up.py:2:a = 1"]


def test_lines_of_no_definition_are_called_by_their_numbers(tmp_path: Path) -> None:
    assert "up.py:1\x1b[0m  lines 1 to 4\r\n" in show(
        Hit("up.py", 1, 4, 1.0, "", "module", CODE), CODE, 1, tmp_path, 5
    )
    part = Hit("up.py", 1, 4, 1.0, "Client.send", "window", CODE)
    assert "  part of Client.send\r\n" in show(part, CODE, 1, tmp_path, 5)


@pytest.mark.req("SAFE-2")
def test_control_sequences_in_a_passage_do_not_reach_the_terminal(tmp_path: Path) -> None:
    hit = Hit("up.py", 1, 1, 1.0, "", "window", "x")
    text = show(hit, "x = 'retry \x1b]0;title\x07'\n", 1, tmp_path, 2)
    assert "\x1b]" not in text and "<U+001B>" in text


def test_a_line_of_thousands_of_characters_is_cut_around_its_first_match(tmp_path: Path) -> None:
    long = "a" * 3 + ";b=1" * 500 + ";retry()" + ";c=2" * 500
    hit = Hit("up.min.js", 1, 1, 1.0, "", "window", long)
    text = show(hit, long, 1, tmp_path, 2)
    assert len(text) < 300 and "\x1b[1;33mretry\x1b[0m" in text and text.count("…") == 2
