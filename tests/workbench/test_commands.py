"""Running commands: asked, run in the sandbox, their changes put before the person, taken back."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from codelab.core.events import CommandOutput, RunState
from codelab.workbench.types import Mode, RunResult, Verdict
from tests.support.bench import BufferEditor, Person, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model

pytestmark = pytest.mark.slow

AS_ROOT = "[sandbox]\nas_root = true\n"  # where the tests run as root; for anybody else it means nothing
YES = Verdict.APPROVED


async def run_task(
    root: Path, call: dict[str, Any], *verdicts: Any, mode: Mode = Mode.ASK, more: str = AS_ROOT
) -> tuple[RunResult, str, Person]:
    """Let the agent call run_command once; return the result, what it was told, and who was asked."""
    script = [When("go", role="user").call("run_command", call), When(role="tool").say("Done.")]
    with scripted_model(script) as model:
        configure(model, more)
        async with bench_on(root) as bench:
            person = Person(bench, *verdicts)
            bench.attach(prompter=person)
            result = await (await bench.act("go", mode=mode)).result()
    return result, model.requests[-1].body["messages"][-1]["content"], person


@pytest.mark.req("SAFE-6", "TOOL-2")
async def test_a_command_runs_once_the_person_has_seen_all_of_it(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"a.txt": "one\n"})
    result, told, person = await run_task(root, {"argv": ["cat", "a.txt"]}, YES)
    assert result.state is RunState.DONE
    assert "Exit status 0" in told
    assert "Output:\none" in told
    shown = person.shown[0]
    assert shown.title == "CodeLab (coder) wants to run `cat a.txt`"
    assert shown.detail.startswith("$ cat a.txt\n")
    assert f"in: {root}" in shown.detail
    assert "program: /" in shown.detail
    assert shown.risk == "critical"


@pytest.mark.req("SAFE-1", "SAFE-6")
@pytest.mark.parametrize(
    ("mode", "verdicts", "told"),
    [
        (Mode.PLAN, (), "only plans"),
        (Mode.ASK, ((Verdict.REJECTED, "not now"),), "not now"),
        (Mode.ALLOW_EDITS, (Verdict.REJECTED,), "rejected"),
    ],
)
async def test_a_command_that_nobody_approved_does_not_run(
    tmp_path: Path, mode: Mode, verdicts: tuple[Any, ...], told: str
) -> None:
    root = write_files(tmp_path / "shop", {"a.txt": "one\n"})
    result, answer, _ = await run_task(root, {"shell": "echo ran; rm a.txt"}, *verdicts, mode=mode)
    assert told in answer
    assert "Output" not in answer
    assert result.changed == ()
    assert (root / "a.txt").exists()


@pytest.mark.req("SAFE-6", "SAFE-8")
async def test_what_a_command_changed_is_approved_by_itself_and_undone_together(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"a.txt": "one\n", "b.txt": "b\n"})
    script = "echo two >> a.txt; rm b.txt; mkdir -p new/deep; echo n > new/deep/c.txt; echo x > /tmp/x"
    call = {"shell": script}
    with scripted_model(
        [When("go", role="user").call("run_command", call), When(role="tool").say("Done.")]
    ) as model:
        configure(model, AS_ROOT)
        async with bench_on(root) as bench:
            person = Person(bench, YES, YES)
            bench.attach(prompter=person)
            result = await (await bench.act("go")).result()
            assert [file.path for file in result.changed] == ["a.txt", "b.txt", "new/deep/c.txt"]
            assert person.shown[1].title == "CodeLab (coder) wants to change 3 files (+2 -1)"
            assert "+two" in person.shown[1].detail
            assert "b.txt: deleted" in person.shown[1].detail
            assert (root / "a.txt").read_text() == "one\ntwo\n"
            assert not (root / "b.txt").exists()
            assert (root / "new/deep/c.txt").read_text() == "n\n"
            undone = await bench.undo()
            assert undone.paths == ("a.txt", "b.txt", "new/deep/c.txt")
    assert {path.name: path.read_text() for path in root.iterdir() if path.is_file()} == {
        "a.txt": "one\n",
        "b.txt": "b\n",
    }
    assert not (root / "new").exists()


@pytest.mark.req("SAFE-6", "SAFE-2")
async def test_changes_that_the_person_rejects_are_not_made_and_the_agent_has_the_output(
    tmp_path: Path,
) -> None:
    root = write_files(tmp_path / "shop", {"a.txt": "one\n"})
    call = {"shell": "echo two >> a.txt; echo said"}
    result, told, _ = await run_task(root, call, YES, (Verdict.REJECTED, "keep a.txt"))
    assert result.changed == ()
    assert (root / "a.txt").read_text() == "one\n"
    assert "said" in told
    assert "keep a.txt" in told


EXECUTED_BY_OTHERS = (
    ".vscode/tasks.json", ".envrc", "sub/.git/hooks/pre-commit", ".codelab/config.toml", ".env", "mcp.json",
    ".husky/pre-commit", ".github/workflows/ci.yml", "id_rsa", "AGENTS.md", ".npmrc", "sitecustomize.py",
)  # fmt: skip


@pytest.mark.req("SAFE-6", "SAFE-4")
async def test_what_others_execute_is_never_brought_over_from_a_command(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"a.txt": "one\n"})
    lines = [f'mkdir -p "$(dirname {path})"; echo evil > {path}' for path in EXECUTED_BY_OTHERS]
    call = {"shell": "\n".join([*lines, "ln -s /etc/passwd link", "echo two >> a.txt"])}
    result, told, _ = await run_task(root, call, YES, YES, mode=Mode.ALLOW_EDITS)
    assert [path for path in EXECUTED_BY_OTHERS if (root / path).exists()] == []
    assert [file.path for file in result.changed] == ["a.txt"]  # the control: what is plain does come over
    assert [path for path in (*EXECUTED_BY_OTHERS, "link") if f"- {path}: " not in told] == []


@pytest.mark.req("SAFE-6")
async def test_output_comes_as_it_is_said_and_a_cancel_leaves_no_process(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"a.txt": "one\n"})
    call = {"shell": "echo started; (setsid sleep 1000 &) ; sleep 1000; echo late > a.txt"}
    with scripted_model([When("go", role="user").call("run_command", call)]) as model:
        configure(model, AS_ROOT)
        async with bench_on(root) as bench:
            bench.attach(prompter=Person(bench, YES))
            handle = await bench.act("go")
            async with asyncio.timeout(60):
                async for event in handle.events():
                    if isinstance(event, CommandOutput):
                        assert event.text == "started\n"
                        break
                assert await bench.stop(handle.run) == [handle.run]
            result = await handle.result()
    assert result.state is RunState.CANCELLED
    assert (root / "a.txt").read_text() == "one\n"
    # that nothing of it is left is checked after every test


@pytest.mark.req("SAFE-2")
@pytest.mark.parametrize("what", ["operand", "program", "folder", "settings"])
async def test_a_command_that_is_not_what_was_approved_does_not_run(tmp_path: Path, what: str) -> None:
    root = write_files(tmp_path / "shop", {"sub/build.sh": "#!/bin/sh\necho built\n", "sub/in.txt": "1\n"})
    (root / "sub/build.sh").chmod(0o755)
    call = {"argv": ["./build.sh", "in.txt"], "directory": "sub"}
    with scripted_model(
        [When("go", role="user").call("run_command", call), When(role="tool").say("Done.")]
    ) as model:
        configure(model, AS_ROOT)
        async with bench_on(root) as bench:
            person = Person(bench, None)
            bench.attach(prompter=person)
            handle = await bench.act("go")
            await person.asked.wait()
            if what == "operand":
                (root / "sub/in.txt").write_text("2\n")
            elif what == "program":
                (root / "sub/build.sh").write_text("#!/bin/sh\necho evil\n")
            elif what == "folder":
                (root / "sub").rename(root / "old")
                write_files(root, {"sub/build.sh": "#!/bin/sh\necho built\n", "sub/in.txt": "1\n"})
                (root / "sub/build.sh").chmod(0o755)
            await bench.decide(person.shown[0].id, YES)
            await handle.result()
    told = model.requests[-1].body["messages"][-1]["content"]
    if what == "settings":  # the control: nothing was changed, so it runs
        assert "built" in told
    else:
        assert "changed after it was approved" in told


TESTS = """\
import unittest
from payments import pay


class Pays(unittest.TestCase):
    def test_pays(self):
        self.assertEqual(pay(2), 4)
"""


@pytest.mark.req("SAFE-6", "TOOL-2", "SAFE-8")
async def test_failing_tests_are_run_mended_and_run_again_and_the_change_is_undone(tmp_path: Path) -> None:
    wrong, right = "def pay(n):\n    return n\n", "def pay(n):\n    return n * 2\n"
    root = write_files(tmp_path / "shop", {"payments.py": wrong, "test_payments.py": TESTS})
    edit = {"path": "payments.py", "replacements": [{"old": "return n\n", "new": "return n * 2\n"}]}
    script = [
        When("mend", role="user").call("run_tests", {}),
        When("FAILED (failures=1)", role="tool").call("edit_file", edit),
        When("payments.py changed", role="tool").call("run_tests", {"targets": ["test_payments"]}),
        When("OK", role="tool").say("Mended."),
    ]
    with scripted_model(script) as model:
        configure(model, AS_ROOT)
        async with bench_on(root) as bench:
            person = Person(bench, YES, YES, YES)
            bench.attach(prompter=person)
            result = await (await bench.act("mend")).result()
            assert result.answer.startswith("Mended.")
            assert (root / "payments.py").read_text() == right
            assert [shown.title.partition(" wants to ")[2] for shown in person.shown] == [
                "run `python3 -m unittest discover`",
                "change payments.py (+1 -1)",
                "run `python3 -m unittest test_payments`",
            ]
            await bench.undo()
    assert (root / "payments.py").read_text() == wrong


@pytest.mark.req("INDEX-7", "SAFE-6", "SAFE-8")
async def test_a_command_sees_what_the_editor_shows_and_its_change_goes_to_the_buffer(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"a.txt": "saved\n"})
    call = {"shell": "cat a.txt; echo more >> a.txt"}
    script = [When("go", role="user").call("run_command", call), When(role="tool").say("Done.")]
    with scripted_model(script) as model:
        configure(model, AS_ROOT)
        async with bench_on(root) as bench:
            editor, person = BufferEditor(bench), Person(bench, YES, YES)
            bench.attach(prompter=person, editor=editor)
            editor.type("a.txt", "typed\n")
            result = await (await bench.act("go")).result()
            assert [file.path for file in result.changed] == ["a.txt"]
            assert editor.buffers["a.txt"] == "typed\nmore\n"
            assert (root / "a.txt").read_text() == "saved\n"  # the buffer is the person's to save
            await bench.undo()
            assert editor.buffers["a.txt"] == "typed\n"
    told = model.requests[-1].body["messages"][-1]["content"]
    assert "Output:\ntyped" in told
    assert "files that are not saved, seen as the editor shows them: a.txt" in person.shown[0].detail


GIT = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@b",
}


def commit(root: Path) -> None:
    """Make a repository of a folder, with one commit of all that is in it."""
    for arguments in (["init", "-q"], ["add", "-Af"], ["commit", "-qm", "First"]):
        subprocess.run(["git", *arguments], cwd=root, env={**os.environ, **GIT}, check=True)


@pytest.mark.req("TOOL-2", "SAFE-6")
async def test_git_is_read_without_asking_and_runs_nothing_that_the_repository_names(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"a.txt": "one\n", ".env": "KEY=1\n"})
    commit(root)
    write_files(
        root, {"a.txt": "two\n", ".env": "KEY=2\n", ".gitattributes": "*.txt diff=evil filter=evil\n"}
    )
    evil = f"{sys.executable} -c \"open('{root}/ran', 'w')\""
    with (root / ".git/config").open("a") as config:
        config.write(
            f'[core]\n\tfsmonitor = {evil}\n[diff "evil"]\n\ttextconv = {evil}\n\tcommand = {evil}\n'
        )
        config.write(f'[filter "evil"]\n\tclean = {evil}\n\tsmudge = {evil}\n')
    script = [
        When("go", role="user").call("git_status", {}),
        When("## ", role="tool").call("git_diff", {}),
        When("+two", role="tool").call("git_log", {"patch": True}),
        When("First", role="tool").call("git_blame", {"path": "a.txt"}),
        When(role="tool").say("Done."),
    ]
    with scripted_model(script) as model:
        configure(model, AS_ROOT)
        async with bench_on(root) as bench:
            result = await (await bench.act("go", mode=Mode.PLAN)).result()
    told = "".join(m["content"] for m in model.requests[-1].body["messages"] if m["role"] == "tool")
    assert result.answer.startswith("Done."), told
    assert "M a.txt" in told and "+two" in told and "First" in told and "1) one" in told
    assert "KEY=" not in told
    assert not (root / "ran").exists()
