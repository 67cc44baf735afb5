"""Changing a file: asked, answered, made, taken back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from codelab.core.errors import EditConflict, NoModel, NotFound
from codelab.core.events import RunState
from codelab.workbench.types import Mode, RunResult, Verdict
from tests.support.bench import PAYMENTS, BufferEditor, Person, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model

NEGATIVE = {"old": "def pay(amount):\n", "new": "def pay(amount):\n    check(amount)\n"}
EDIT: dict[str, Any] = {"path": "payments.py", "replacements": [NEGATIVE]}
CHANGED = PAYMENTS.replace(NEGATIVE["old"], NEGATIVE["new"])
CODER = [
    When("check the amount", role="user").call("edit_file", EDIT),
    When("payments.py changed", role="tool").say("Done: `payments.py:1-3`."),
    When(role="tool").say("Nothing was changed."),
]


async def run_coder(root: Path, *verdicts: Any, mode: Mode = Mode.ASK, more: str = "") -> RunResult:
    """Run the coder on payments.py with a person who gives these verdicts."""
    with scripted_model(CODER) as model:
        configure(model, more)
        async with bench_on(root) as bench:
            bench.attach(prompter=Person(bench, *verdicts))
            return await (await bench.act("check the amount", mode=mode)).result()


async def run_while_the_file_changes(
    root: Path, now: str, verdict: Verdict, *, text: str = "", then: Sequence[Verdict] = ()
) -> tuple[RunResult, str]:
    """Run the coder on payments.py, which holds another text when the person answers.

    Args:
        root: The workspace.
        now: That text.
        verdict: Their answer.
        text: To what they edit the proposal.
        then: What they answer after it.

    Returns:
        The result, and what the agent was told last.
    """
    with scripted_model(CODER) as model:
        configure(model)
        async with bench_on(root) as bench:
            person = Person(bench, None)
            bench.attach(prompter=person)
            handle = await bench.act("check the amount")
            await person.asked.wait()
            person.verdicts += then
            (root / "payments.py").write_text(now)
            await bench.decide(person.shown[0].id, verdict, text=text)
            result = await handle.result()
    return result, model.requests[-1].body["messages"][-1]["content"]


@pytest.mark.req("SAFE-2", "AGENT-6", "AGENT-17")
async def test_an_approved_change_is_written_and_undone_to_the_byte(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS.replace("\n", "\r\n")})
    before = (root / "payments.py").read_bytes()
    edit = {"path": "payments.py", "replacements": [{"old": "def pay(amount):", "new": "def pay(sum):"}]}
    with scripted_model(
        [When("rename", role="user").call("edit_file", edit), When(role="tool").say("ok")]
    ) as model:
        configure(model)
        async with bench_on(root) as bench:
            person = Person(bench, Verdict.APPROVED)
            bench.attach(prompter=person)
            result = await (await bench.act("rename")).result()
            assert result.state is RunState.DONE
            assert (root / "payments.py").read_bytes() == before.replace(b"pay(amount)", b"pay(sum)")
            assert [(changed.path, changed.added, changed.removed) for changed in result.changed] == [
                ("payments.py", 1, 1)
            ]
            assert person.shown[0].title == "CodeLab (coder) wants to change payments.py (+1 -1)"
            assert "-def pay(amount):" in person.shown[0].detail
            assert "+def pay(sum):" in person.shown[0].detail
            await bench.undo()
            assert (root / "payments.py").read_bytes() == before
            with pytest.raises(NotFound):
                await bench.undo()


@pytest.mark.req("SAFE-2")
async def test_a_rejected_change_touches_nothing_and_the_agent_reads_the_reason(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model(CODER) as model:
        configure(model)
        async with bench_on(root) as bench:
            bench.attach(prompter=Person(bench, (Verdict.REJECTED, "use a decorator")))
            result = await (await bench.act("check the amount")).result()
    assert (root / "payments.py").read_text() == PAYMENTS
    assert result.changed == ()
    assert [state for _, state in result.approvals] == ["rejected"]
    assert "use a decorator" in model.requests[-1].body["messages"][-1]["content"]


@pytest.mark.req("SAFE-2")
async def test_an_unanswered_prompt_expires_and_denies(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    result = await run_coder(root, None, more="[approvals]\nwait_seconds = 0.2\n")
    assert [state for _, state in result.approvals] == ["expired"]
    assert (root / "payments.py").read_text() == PAYMENTS


@pytest.mark.req("SAFE-2")
async def test_where_no_face_can_ask_a_person_a_change_is_denied_at_once(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model(CODER) as model:
        configure(model)
        async with bench_on(root) as bench:
            result = await (await bench.act("check the amount")).result()
    assert [state for _, state in result.approvals] == ["rejected"]
    assert (root / "payments.py").read_text() == PAYMENTS


@pytest.mark.req("SAFE-1", "SAFE-2")
@pytest.mark.parametrize(
    ("mode", "text", "asked"),
    [(Mode.ALLOW_EDITS, CHANGED, 0), (Mode.PLAN, PAYMENTS, 0), (Mode.ASK, CHANGED, 1)],
)
async def test_a_run_edits_as_the_person_allowed_it(
    tmp_path: Path, mode: Mode, text: str, asked: int
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    result = await run_coder(root, Verdict.APPROVED, mode=mode)
    assert (root / "payments.py").read_text() == text
    assert len(result.approvals) == asked


@pytest.mark.req("SAFE-2", "SAFE-5")
async def test_a_file_that_changed_after_the_proposal_is_not_overwritten(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    result, told = await run_while_the_file_changes(root, "# mine\n" + PAYMENTS, Verdict.APPROVED)
    assert (root / "payments.py").read_text() == "# mine\n" + PAYMENTS
    assert [state for _, state in result.approvals] == ["invalidated"]
    assert "changed after this was proposed" in told


@pytest.mark.req("SAFE-2")
async def test_an_approval_counts_once_and_only_the_first_answer(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model(CODER) as model:
        configure(model)
        async with bench_on(root, client="one") as bench, bench_on(root, client="two") as other:
            person = Person(bench, None)
            bench.attach(prompter=person)
            handle = await bench.act("check the amount")
            await person.asked.wait()
            first = await other.decide(person.shown[0].id, Verdict.REJECTED)
            second = await bench.decide(person.shown[0].id, Verdict.APPROVED)
            await handle.result()
    assert first.counted
    assert not second.counted
    assert second.message == "This was already rejected by two (cli)."
    assert (root / "payments.py").read_text() == PAYMENTS


@pytest.mark.req("SAFE-2", "CARD-5")
async def test_another_face_that_can_prompt_shows_who_asks_and_its_answer_counts(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model(CODER) as model:
        configure(model)
        async with (
            bench_on(root, client="assistant") as asking,
            bench_on(root, client="editor", can_prompt=True) as editor,
        ):
            person = Person(editor, Verdict.APPROVED)
            editor.attach(prompter=person)
            handle = await asking.act("check the amount")
            result = await handle.result()
    assert (root / "payments.py").read_text() == CHANGED
    assert person.shown[0].asked_by == f'"assistant", session {handle.session}'
    assert result.changed


@pytest.mark.req("SAFE-2", "SAFE-8", "INDEX-7")
async def test_an_open_buffer_is_changed_in_the_editor_and_undo_keeps_what_was_typed_since(
    tmp_path: Path,
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": "on disk\n"})
    with scripted_model(CODER) as model:
        configure(model)
        async with bench_on(root) as bench:
            editor = BufferEditor(bench)
            bench.attach(prompter=Person(bench, Verdict.APPROVED), editor=editor)
            editor.type("payments.py", PAYMENTS)
            await (await bench.act("check the amount")).result()
            assert editor.buffers["payments.py"] == CHANGED
            assert (root / "payments.py").read_text() == "on disk\n"
            editor.type("payments.py", CHANGED + "# typed since\n")
            undone = await bench.undo()
            assert editor.buffers["payments.py"] == PAYMENTS + "# typed since\n"
            assert "typed since was kept" in undone.message


@pytest.mark.req("SAFE-8")
async def test_undo_refuses_when_the_very_lines_were_changed_and_touches_nothing(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model(CODER) as model:
        configure(model)
        async with bench_on(root) as bench:
            bench.attach(prompter=Person(bench, Verdict.APPROVED))
            await (await bench.act("check the amount")).result()
            mine = CHANGED.replace("    check(amount)\n", "    check(amount, strict=True)\n")
            (root / "payments.py").write_text(mine)
            with pytest.raises(EditConflict):
                await bench.undo()
            assert (root / "payments.py").read_text() == mine


@pytest.mark.req("SAFE-2")
async def test_an_editor_that_refuses_leaves_everything_as_it_was(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model(CODER) as model:
        configure(model)
        async with bench_on(root) as bench:
            editor = BufferEditor(bench, refuses=True)
            bench.attach(prompter=Person(bench, Verdict.APPROVED), editor=editor)
            editor.type("payments.py", PAYMENTS)
            result = await (await bench.act("check the amount")).result()
            assert result.changed == ()
            assert "did not apply" in model.requests[-1].body["messages"][-1]["content"]
            with pytest.raises(NotFound):
                await bench.undo()


@pytest.mark.req("SAFE-2", "SAFE-5")
async def test_a_file_with_unsaved_text_in_another_editor_is_left_alone(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model(CODER) as model:
        configure(model)
        async with bench_on(root, client="Neovim") as editor, bench_on(root) as bench:
            editor.buffer_shown("payments.py", PAYMENTS + "# unsaved\n")
            editor.flush_buffers()
            bench.attach(prompter=Person(bench, Verdict.APPROVED))
            result = await (await bench.act("check the amount")).result()
    assert result.changed == ()
    assert (root / "payments.py").read_text() == PAYMENTS
    assert "unsaved text" in model.requests[-1].body["messages"][-1]["content"]


@pytest.mark.req("SAFE-1", "SAFE-5")
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("../outside.py", "outside"),
        ("/etc/passwd", "outside"),
        (".git/hooks/pre-commit", "belongs to git"),
        (".env", "secrets"),
        (".vscode/tasks.json", "no editor and no terminal"),
    ],
)
async def test_no_run_may_write_where_code_secrets_or_others_files_are(
    tmp_path: Path, path: str, told: str
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    edit = {"path": path, "content": "echo owned\n"}
    with scripted_model(
        [When("go", role="user").call("edit_file", edit), When(role="tool").say("ok")]
    ) as model:
        configure(model)
        async with bench_on(root) as bench:
            result = await (await bench.act("go", mode=Mode.ALLOW_EDITS)).result()
    assert result.changed == ()
    assert told in model.requests[-1].body["messages"][-1]["content"]
    assert sorted(p.name for p in root.rglob("*")) == ["payments.py"]


@pytest.mark.req("SAFE-2", "SAFE-8")
async def test_a_new_file_is_created_in_new_folders_and_undo_removes_it(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    edit = {"path": "tests/test_payments.py", "content": "def test_pay():\n    assert True\n"}
    with scripted_model(
        [When("go", role="user").call("edit_file", edit), When(role="tool").say("ok")]
    ) as model:
        configure(model)
        async with bench_on(root) as bench:
            await (await bench.act("go", mode=Mode.ALLOW_EDITS)).result()
            assert (root / "tests/test_payments.py").read_text() == edit["content"]
            undone = await bench.undo()
            assert [path.name for path in root.iterdir()] == ["payments.py"]
            assert undone.message == "tests/test_payments.py was new and is deleted."


@pytest.mark.req("MODEL-5")
async def test_without_a_model_a_change_says_how_to_add_one(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    async with bench_on(root) as bench:
        with pytest.raises(NoModel, match="codelab config set"):
            await bench.act("check the amount")
