"""Known secrets in a run: not told, not written, not hidden behind a mark in what a person approves."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from codelab.core import redaction
from codelab.core.events import CommandOutput, Token
from codelab.workbench.types import RunResult, Verdict
from tests.support.bench import Person, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model

pytestmark = [pytest.mark.slow, pytest.mark.req("SAFE-7", "SAFE-2")]

SECRET = "hunter2-hunter2"
FILES = {".env": f"PASSWORD={SECRET}\n", "a.py": f"password = '{SECRET}'\none = 1\n"}


async def run_task(root: Path, tool: str, call: dict[str, Any]) -> tuple[RunResult, str, Person, list[Any]]:
    script = [When("go", role="user").call(tool, call), When(role="tool").say(f"It is {SECRET}.")]
    with scripted_model(script) as model:
        configure(model, "[sandbox]\nas_root = true\n")
        async with bench_on(root) as bench:
            person = Person(bench, Verdict.APPROVED)
            bench.attach(prompter=person)
            handle = await bench.act("go")
            events = [event async for event in handle.events()]
            result = await handle.result()
    return result, model.requests[-1].body["messages"][-1]["content"], person, events


async def test_the_answer_is_without_them_while_it_streams_and_after(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", FILES)
    result, told, _, events = await run_task(root, "read_file", {"path": "a.py"})
    assert "password = '[secret]'" in told
    assert result.answer == "It is [secret]."
    assert "".join(event.text for event in events if isinstance(event, Token)) == "It is [secret]."


async def test_what_a_command_prints_is_without_them(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", FILES)
    _, told, _, events = await run_task(root, "run_command", {"argv": ["cat", "a.py"]})
    said = "".join(event.text for event in events if isinstance(event, CommandOutput))
    assert "password = '[secret]'" in told
    assert said.startswith("password = '[secret]'")


@pytest.mark.parametrize("text", [SECRET, "[secret]"])
@pytest.mark.parametrize("tool", ["edit_file", "run_command"])
async def test_what_would_be_hidden_from_the_person_is_refused(tmp_path: Path, tool: str, text: str) -> None:
    root = write_files(tmp_path / "shop", FILES)
    call: dict[str, Any] = {"argv": ["echo", text]}
    if tool == "edit_file":
        call = {"path": "a.py", "replacements": [{"old": "one = 1", "new": f"one = '{text}'"}]}
    _, told, person, _ = await run_task(root, tool, call)
    assert "holds a secret" in told
    assert person.shown == []
    assert (root / "a.py").read_text() == FILES["a.py"]


async def test_a_change_beside_one_is_made_and_undone_and_the_secret_stays(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", FILES)
    call = {"path": "a.py", "replacements": [{"old": "one = 1", "new": "one = 2"}]}
    _, _, person, _ = await run_task(root, "edit_file", call)
    assert "password = '[secret]'" in person.shown[0].detail
    assert (root / "a.py").read_text() == FILES["a.py"].replace("one = 1", "one = 2")
    async with bench_on(root) as bench:
        await bench.undo()
    assert (root / "a.py").read_text() == FILES["a.py"]


def overlays(home: Path) -> list[bytes]:
    return [path.read_bytes() for path in home.rglob("overlay.db*")]


async def test_of_a_file_of_secrets_that_an_editor_opens_only_the_values_are_known(
    tmp_path: Path, codelab_home: Path
) -> None:
    root = write_files(tmp_path / "shop", {})
    async with bench_on(root) as bench:
        bench.buffer_shown("deep/down/.env", "TOKEN=opened-0123\n")
        bench.buffer_shown("plain.txt", "nothing secret: plain-0123\n")
        bench.flush_buffers()
        kept = await asyncio.to_thread(overlays, codelab_home)
        assert redaction.redact("opened-0123") == "[secret]"
    assert any(b"plain-0123" in data for data in kept), "the control"
    assert not any(b"opened-0123" in data for data in kept)
