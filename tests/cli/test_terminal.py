"""What reaches the person's terminal."""

import io
import os
import sys
from pathlib import Path

import pytest

from codelab.cli.runs import follow
from codelab.cli.terminal import Terminal
from codelab.core.errors import InputError
from tests.support.at_terminal import at_terminal, seen
from tests.support.bench import PAYMENTS, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model
from tests.support.slow_reading import half_read

EVIL = "a\x1b]0;title\x07b\u202ec\u200bd"


@pytest.fixture(autouse=True)
def coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.req("SAFE-2")
def test_control_characters_become_visible(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(as_json=False)
    terminal.show(EVIL)
    terminal.note(EVIL)
    terminal.show_diff(f"+{EVIL}\n")
    terminal.error(InputError(EVIL, why=EVIL))
    captured = capsys.readouterr()
    for text in (captured.out, captured.err):
        assert "\x1b" not in text and "\u202e" not in text and "\u200b" not in text
        assert "<U+001B>" in text and "<U+202E>" in text and "<U+200B>" in text


@pytest.mark.req("SAFE-2")
def test_without_that_the_sequence_would_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    sys.stdout.write(EVIL)
    assert "\x1b" in capsys.readouterr().out


@pytest.mark.req("CARD-6")
def test_a_diff_is_coloured_on_a_terminal() -> None:
    with at_terminal() as person:
        Terminal(as_json=False).show_diff("-old\n+new\n")
        text = seen(person, lines=2)
        assert "\x1b[31m-old" in text and "\x1b[32m+new" in text


@pytest.mark.req("CARD-6", "MODEL-2")
async def test_how_far_a_slow_model_has_read_gives_way_to_the_answer(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When().raw(half_read("It is here.\n"))]) as model, at_terminal() as person:
        configure(model)
        async with bench_on(root) as bench:
            terminal = Terminal(as_json=False)
            await follow(bench, await bench.ask("where?"), terminal)
        text = seen(person, lines=2)
    assert "\r\x1b[Kask: the model reads the conversation: 50 % of 8,000 tokens\r\x1b[KIt is here." in text


@pytest.mark.req("CARD-6")
def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    with at_terminal() as person:
        monkeypatch.setenv("NO_COLOR", "1")
        Terminal(as_json=False).show_diff("-old\n+new\n")
        assert "\x1b" not in seen(person, lines=2)


@pytest.mark.req("CARD-6")
def test_a_pipe_gets_no_colour_and_only_the_last_line_of_progress(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Terminal(as_json=False)
    terminal.progress("Indexing 1,204 files ... 10%")
    terminal.progress("Indexing 1,204 files ... done in 1.1 s", done=True)
    assert capsys.readouterr().err == "Indexing 1,204 files ... done in 1.1 s\n"


@pytest.mark.req("CARD-6")
def test_progress_is_rewritten_on_a_terminal() -> None:
    with at_terminal() as person:
        terminal = Terminal(as_json=False)
        terminal.progress("one")
        terminal.progress("two", done=True)
        assert seen(person) == "\r\x1b[Kone\r\x1b[Ktwo\r\n"


@pytest.mark.req("CARD-6")
def test_an_unfinished_progress_line_is_not_written_over() -> None:
    with at_terminal() as person:
        terminal = Terminal(as_json=False)
        terminal.progress("one")
        terminal.note("two")
        assert seen(person, lines=2) == "\r\x1b[Kone\r\ntwo\r\n"


@pytest.mark.req("CARD-6")
def test_an_error_says_what_why_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(as_json=False).error(InputError("It broke", why="It was old", fix="Try `codelab doctor`"))
    assert capsys.readouterr().err == "error: It broke.\n  It was old.\n  Try `codelab doctor`\n"


@pytest.mark.req("CARD-6")
def test_names_that_are_not_utf_8_are_printed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    ascii_out = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", ascii_out)
    terminal = Terminal(as_json=False)
    terminal.show("caf\u00e9 " + os.fsdecode(b"\xff"))
    terminal.flush()
    assert isinstance(ascii_out.buffer, io.BytesIO)
    assert ascii_out.buffer.getvalue() == b"caf\\xe9 <U+DCFF>\n"
    terminal.show_json({"path": os.fsdecode(b"\xff")})


@pytest.mark.req("CARD-6")
def test_nobody_is_asked_where_no_terminal_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "input").open("w+") as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert not Terminal(as_json=False).interactive


@pytest.mark.req("CARD-6")
def test_a_person_is_asked_at_a_terminal() -> None:
    with at_terminal():
        assert Terminal(as_json=False).interactive
