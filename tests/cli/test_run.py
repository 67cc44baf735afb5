"""``codelab run``: approvals at a terminal, without one, from elsewhere; Ctrl-C; undo."""

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import termios
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.bench import configure, write_files
from tests.support.command_line import CODELAB, GUARD_SECONDS, codelab
from tests.support.model_server import ScriptedModel, When, scripted_model

pytestmark = pytest.mark.slow

BEFORE = "def pay(amount):\n    return charge(amount)\n"
AFTER = "def pay(amount):\n    check(amount)\n    return charge(amount)\n"
EDIT: dict[str, Any] = {
    "path": "pay.py",
    "replacements": [{"old": "    return", "new": "    check(amount)\n    return"}],
}
EVIL_EDIT: dict[str, Any] = {
    "path": "pay.py",
    "replacements": [{"old": "    return", "new": "    # \x1b]0;x\x07\n    return"}],
}
QUESTION = "[r]eason"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_files(tmp_path / "project", {"pay.py": BEFORE})


@contextlib.contextmanager
def coder(edit: dict[str, Any] = EDIT) -> Iterator[ScriptedModel]:
    """A model that proposes an edit and then says that it is done."""
    rules = [
        When(role="user").call("edit_file", edit),
        When(role="tool").usage(10, 5).say("All **done**."),
    ]
    with scripted_model(rules) as model:
        configure(model)
        yield model


class AtTerminal:
    """A command whose input and error output are a terminal; its results go to a pipe."""

    def __init__(self, arguments: Sequence[str | Path]) -> None:
        self.person, program = pty.openpty()
        settings = termios.tcgetattr(program)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(program, termios.TCSANOW, settings)
        self.process = subprocess.Popen(
            [*CODELAB, *map(str, arguments)], stdin=program, stdout=subprocess.PIPE, stderr=program, text=True
        )
        os.close(program)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.person, text.encode())

    def wait_for(self, text: str) -> None:
        while text not in self.seen:
            ready, _, _ = select.select([self.person], [], [], GUARD_SECONDS)
            piece = b""
            with contextlib.suppress(OSError):
                piece = os.read(self.person, 65536) if ready else b""
            if not piece:
                raise AssertionError(f"{text!r} did not come; seen: {self.seen}")
            self.seen += piece.decode()

    def end(self) -> tuple[int, str]:
        out, _ = self.process.communicate(timeout=GUARD_SECONDS)
        return self.process.returncode, out


@contextlib.contextmanager
def at_terminal(*arguments: str | Path) -> Iterator[AtTerminal]:
    terminal = AtTerminal(arguments)
    try:
        yield terminal
    finally:
        terminal.process.kill()
        terminal.process.wait()
        if terminal.process.stdout is not None:
            terminal.process.stdout.close()
        os.close(terminal.person)


def content(project: Path) -> str:
    return (project / "pay.py").read_text()


@pytest.mark.req("SAFE-2", "CARD-6")
def test_a_yes_at_the_terminal_makes_exactly_the_change_shown(project: Path) -> None:
    with coder(), at_terminal("run", "--root", project, "--json", "check it") as terminal:
        terminal.type("y\n")  # typed before anything was asked: answers nothing
        terminal.wait_for(QUESTION)
        assert "+    check(amount)" in terminal.seen and "wants to change pay.py" in terminal.seen
        assert content(project) == BEFORE
        terminal.type("perhaps\n")
        terminal.wait_for("answer y, a, e, n or r")
        terminal.type("y\n")
        code, out = terminal.end()
    assert code == 0
    assert content(project) == AFTER
    data = json.loads(out)
    assert data["answer"] == "All **done**." and data["state"] == "done" and data["tokens"] >= 15
    assert [(file["path"], file["added"], file["removed"]) for file in data["changed"]] == [("pay.py", 1, 0)]
    assert "+    check(amount)" in data["changed"][0]["diff"]
    assert [approval["state"] for approval in data["approvals"]] == ["approved"]
    assert set(data) >= {"run", "session", "agent", "model", "sources", "cost_usd", "limits", "error"}

    undone = codelab("undo", "--root", project, "--json")
    assert undone.data["paths"] == ["pay.py"]
    assert content(project) == BEFORE


@pytest.mark.req("SAFE-2", "CARD-6")
def test_a_reason_at_the_terminal_reaches_the_agent(project: Path) -> None:
    with coder() as model, at_terminal("run", "--root", project, "check it") as terminal:
        terminal.wait_for(QUESTION)
        terminal.type("r\n")
        terminal.wait_for("Reason:")
        terminal.type("call it verify\n")
        code, _ = terminal.end()
        assert code == 0
        assert "call it verify" in model.requests[-1].body["messages"][-1]["content"]
    assert content(project) == BEFORE


@pytest.mark.req("SAFE-2", "CARD-6")
def test_the_end_of_input_at_the_terminal_means_no(project: Path) -> None:
    with coder(), at_terminal("run", "--root", project, "--json", "check it") as terminal:
        terminal.wait_for(QUESTION)
        terminal.type("\x04")
        _, out = terminal.end()
    assert [approval["state"] for approval in json.loads(out)["approvals"]] == ["rejected"]
    assert content(project) == BEFORE


@pytest.mark.req("SAFE-2")
def test_what_the_model_hides_in_a_change_is_shown(project: Path) -> None:
    with coder(EVIL_EDIT), at_terminal("run", "--root", project, "check it") as terminal:
        terminal.wait_for(QUESTION)
        assert "<U+001B>]0;x<U+0007>" in terminal.seen and "\x1b]0" not in terminal.seen
        terminal.type("n\n")
        terminal.end()
    assert content(project) == BEFORE


@pytest.mark.req("SAFE-2", "CARD-6")
@pytest.mark.parametrize(
    ("mode", "after", "states"),
    [("ask", BEFORE, ["rejected"]), ("plan", BEFORE, None), ("allow-edits", AFTER, None)],
)
def test_without_a_terminal_only_what_was_allowed_beforehand_is_changed(
    project: Path, mode: str, after: str, states: list[str] | None
) -> None:
    with coder():
        ended = codelab("run", "--root", project, "--json", "--mode", mode, "check it")
    assert ended.code == 0, ended.err
    assert content(project) == after
    assert len(ended.data["changed"]) == (after != BEFORE)
    if states is not None:
        assert [approval["state"] for approval in ended.data["approvals"]] == states
    assert "coder: editing pay.py" in ended.err


@pytest.mark.req("SAFE-2", "CARD-6")
@pytest.mark.parametrize(("answer", "after"), [("approve", AFTER), ("reject", BEFORE)])
def test_a_run_that_waits_is_answered_from_another_command(project: Path, answer: str, after: str) -> None:
    with coder():
        with subprocess.Popen(
            [*CODELAB, "run", "--root", project, "--json", "--wait", "check it"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            while "waiting for approval" not in (line := process.stderr.readline()):
                assert line, "the run ended without waiting"
            listed = codelab("approvals", "--root", project, "--json").data
            assert [approval["state"] for approval in listed] == ["pending"]
            shown = codelab("approvals", "show", listed[0]["id"][:-2], "--root", project)
            assert "+    check(amount)" in shown.out
            answered = codelab("approvals", answer, listed[0]["id"], "--root", project)
            assert answered.code == 0
            out, _ = process.communicate(timeout=GUARD_SECONDS)
        again = codelab("approvals", "approve", listed[0]["id"], "--root", project)
    assert again.code == 1 and "already" in again.err
    assert json.loads(out)["state"] == "done"
    assert content(project) == after


@pytest.mark.req("SAFE-8", "CARD-6")
def test_ctrl_c_stops_the_run_and_leaves_nothing_half_done(project: Path) -> None:
    with scripted_model([When().stall()]) as model:
        configure(model)
        with subprocess.Popen(
            [*CODELAB, "run", "--root", project, "check it"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            model.wait_for_requests(1)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=GUARD_SECONDS)
    assert process.returncode == 130
    assert "Traceback" not in err and "Stopped." in err
    assert codelab("sessions", "--root", project, "--json").data == []
    assert content(project) == BEFORE


@pytest.mark.req("AGENT-17", "CARD-6")
def test_a_killed_run_is_listed_and_resumed(project: Path) -> None:
    with coder():
        with subprocess.Popen(
            [*CODELAB, "run", "--root", project, "--wait", "check it"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            while "waiting for approval" not in process.stderr.readline():
                pass
            process.kill()
        waiting = codelab("sessions", "--root", project, "--json").data
        assert len(waiting) == 1 and waiting[0]["state"] == "paused"
        command = [*CODELAB, "sessions", "resume", waiting[0]["run"], "--root", project, "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as resumed:
            while not (waiting := codelab("approvals", "list", "--root", project, "--json").data):
                assert resumed.poll() is None
            (pending,) = waiting
            codelab("approvals", "approve", pending["id"], "--root", project)
            assert json.loads(resumed.communicate(timeout=60)[0])["state"] == "done"
        assert content(project) == AFTER


@pytest.mark.req("MODEL-4", "CARD-6")
def test_a_model_that_refuses_ends_the_run_with_words(project: Path) -> None:
    with scripted_model([When().status(400, "no such model")]) as model:
        configure(model)
        ended = codelab("run", "--root", project, "--json", "check it")
    assert ended.code == 1
    assert "no such model" in ended.data["error"] and "Traceback" not in ended.err


@pytest.mark.req("MODEL-4", "CARD-6")
def test_a_question_whose_model_fails_has_an_error_and_no_answer(project: Path) -> None:
    with scripted_model([When().status(400, "no such model")]) as model:
        configure(model)
        shown = codelab("ask", "--root", project, "what does pay do?")
        for_programs = codelab("ask", "--root", project, "--json", "what does pay do?")
    assert (shown.code, shown.out) == (1, "")
    assert "no such model" in shown.err
    assert (for_programs.code, for_programs.data["answer"]) == (1, "")


@pytest.mark.req("AGENT-1", "CARD-6")
def test_an_answer_of_a_model_ends_with_one_line_on_who_answered(project: Path) -> None:
    with scripted_model([When(role="user").say("It charges.", pieces=3)]) as model:
        configure(model)
        ended = codelab("ask", "--root", project, "what does pay do?")
    assert ended.code == 0
    assert ended.out.startswith("It charges.\n")
    assert ended.out.splitlines()[-1].startswith("ask - scripted - ")


@pytest.mark.req("SAFE-4")
def test_a_limit_that_is_near_is_told_beside_the_answer(project: Path) -> None:
    with scripted_model([When().say("Twice, `pay.py:1-2`.")]) as model:
        configure(model, "requests_per_hour = 2\n")
        first = codelab("ask", "--root", project, "What does pay do?")
        second = codelab("ask", "--root", project, "What does pay do?")
        third = codelab("ask", "--root", project, "What does pay do?")
    assert "requests to models in an hour" not in first.err
    assert "1 of 2 requests to models in an hour are used" in second.err
    assert "Twice" in second.out
    assert third.code == 1
    assert "The limit of 2 requests to models in an hour is reached" in third.err


@pytest.mark.req("SAFE-8", "CARD-6")
def test_ctrl_c_at_the_question_ends_cleanly(project: Path) -> None:
    with coder(), at_terminal("run", "--root", project, "check it") as terminal:
        terminal.wait_for(QUESTION)
        terminal.process.send_signal(signal.SIGINT)
        code, _ = terminal.end()
        terminal.wait_for("Stopped.")
    assert code == 130
    assert "elsewhere" not in terminal.seen
    assert "Traceback" not in terminal.seen and "Fatal" not in terminal.seen
    assert content(project) == BEFORE


@pytest.mark.req("CARD-6")
def test_ctrl_c_ends_a_search_that_waits_for_queries(project: Path) -> None:
    with subprocess.Popen(
        [*CODELAB, "search", "--root", project, "--json", "--stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("pay\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(GUARD_SECONDS) == 130
        assert process.stderr is not None and "Traceback" not in process.stderr.read()
