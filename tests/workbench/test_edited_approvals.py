"""A person changes what is proposed before they say yes: that runs, exactly, and is asked for as it is."""

from pathlib import Path
from typing import Any

import pytest

from codelab.core.errors import InputError
from codelab.workbench.types import RunResult, Verdict
from tests.support.bench import PAYMENTS, Person, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model
from tests.workbench.test_changes import CHANGED, CODER, run_while_the_file_changes
from tests.workbench.test_commands import AS_ROOT, run_task

pytestmark = pytest.mark.slow

YES, NO, EDITED = Verdict.APPROVED, Verdict.REJECTED, Verdict.EDITED
MINE = CHANGED.replace("check(amount)", "verify(amount)")


async def run_coder(root: Path, *verdicts: Any) -> tuple[RunResult, str, Person]:
    """Run the coder on payments.py; return the result, what it was told last, and the person."""
    with scripted_model(CODER) as model:
        configure(model)
        async with bench_on(root) as bench:
            person = Person(bench, *verdicts)
            bench.attach(prompter=person)
            result = await (await bench.act("check the amount")).result()
    return result, model.requests[-1].body["messages"][-1]["content"], person


@pytest.mark.req("SAFE-2", "LEARN-3")
async def test_the_edited_text_is_asked_for_again_and_written(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    result, told, person = await run_coder(root, (EDITED, MINE), YES)
    assert (root / "payments.py").read_text() == MINE
    first, second = person.shown
    assert first.editable == CHANGED and second.editable == MINE
    assert second.note == "This is the change as you edited it."
    assert "+    verify(amount)" in second.detail and "check(amount)" not in second.detail
    assert [state for _, state in result.approvals] == ["edited", "approved"]
    assert "The person edited your proposal" in told and "+    verify(amount)" in told
    assert "payments.py changed" in told


@pytest.mark.req("SAFE-2")
async def test_an_edit_is_not_yet_a_yes(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    result, told, _ = await run_coder(root, (EDITED, MINE), (NO, "not at all"))
    assert (root / "payments.py").read_text() == PAYMENTS
    assert [state for _, state in result.approvals] == ["edited", "rejected"]
    assert "not at all" in told


@pytest.mark.req("SAFE-2", "SAFE-5")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        (PAYMENTS, "leaves payments.py as it is"),
        ("a\0b", "could not be read again"),
        ("x" * 1_000_001, "1,000,000"),
    ],
)
async def test_an_edit_that_cannot_be_used_is_said_and_the_proposal_stands(
    tmp_path: Path, text: str, why: str
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    result, _, person = await run_coder(root, (EDITED, text), YES)
    assert person.shown[1].note.startswith("Not as you edited it: ") and why in person.shown[1].note
    assert (root / "payments.py").read_text() == CHANGED
    assert [state for _, state in result.approvals] == ["edited", "approved"]


@pytest.mark.req("SAFE-2", "SAFE-5")
async def test_plain_line_ends_of_an_editor_become_those_of_the_file(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS.replace("\n", "\r\n")})
    await run_coder(root, (EDITED, MINE), YES)
    assert (root / "payments.py").read_bytes() == MINE.replace("\n", "\r\n").encode()


@pytest.mark.req("SAFE-2", "SAFE-5")
async def test_a_file_that_changed_while_it_was_edited_is_not_overwritten(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    result, _ = await run_while_the_file_changes(root, "# mine\n", EDITED, text=MINE, then=[YES])
    assert (root / "payments.py").read_text() == "# mine\n"
    assert [state for _, state in result.approvals] == ["edited", "invalidated"]


@pytest.mark.req("SAFE-2", "SAFE-6")
async def test_an_edited_command_runs_as_it_was_edited(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"a.txt": "one\n", "b c.txt": "two\n"})
    result, told, person = await run_task(root, {"argv": ["cat", "a.txt"]}, (EDITED, "cat 'b c.txt'"), YES)
    assert "Output:\ntwo" in told and "as the person edited it" in told
    assert person.shown[1].title == "CodeLab (coder) wants to run `cat 'b c.txt'`"
    assert person.shown[1].detail.startswith("$ cat 'b c.txt'\n")
    assert [state for _, state in result.approvals] == ["edited", "approved"]


@pytest.mark.req("SAFE-2", "SAFE-6")
async def test_a_line_for_the_shell_stays_one_and_arguments_stay_arguments(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"a.txt": "one\n"})
    _, told, _ = await run_task(root, {"shell": "cat a.txt"}, (EDITED, "cat a.txt | wc -l"), YES)
    assert "Output:\n1" in told
    _, told, person = await run_task(root, {"argv": ["echo", "x"]}, (EDITED, "echo a.txt '|' cat"), YES)
    assert "Output:\na.txt | cat" in told
    assert "risk" in person.shown[1].risk_words.casefold()


@pytest.mark.req("SAFE-2", "SAFE-6")
@pytest.mark.parametrize("text", ["", "cat 'a", "no-such-program-at-all x"])
async def test_an_edited_command_that_makes_no_sense_is_said(tmp_path: Path, text: str) -> None:
    root = write_files(tmp_path / "shop", {"a.txt": "one\n"})
    _, told, person = await run_task(root, {"argv": ["cat", "a.txt"]}, (EDITED, text), YES)
    assert person.shown[1].note.startswith("Not as you edited it: ")
    assert "Output:\none" in told


@pytest.mark.req("SAFE-2")
async def test_changes_of_several_files_cannot_be_edited_as_one_text(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"a.txt": "1\n", "b.txt": "2\n"})
    script = [
        When("go", role="user").call("run_command", {"shell": "echo x >> a.txt; echo x >> b.txt"}),
        When(role="tool").say("Done."),
    ]
    with scripted_model(script) as model:
        configure(model, AS_ROOT)
        async with bench_on(root) as bench:
            person = Person(bench, YES, None)
            bench.attach(prompter=person)
            handle = await bench.act("go")
            while len(person.shown) < 2:
                person.asked.clear()
                await person.asked.wait()
            assert person.shown[1].editable is None and person.shown[1].rule == ""
            with pytest.raises(InputError, match="cannot be edited"):
                await bench.decide(person.shown[1].id, EDITED, text="x")
            await bench.decide(person.shown[1].id, YES)
            await handle.result()
    assert (root / "a.txt").read_text() == "1\nx\n"


@pytest.mark.req("SAFE-2", "SAFE-7")
async def test_a_text_that_holds_a_known_secret_is_not_edited_in_its_redacted_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "correct-horse-battery-staple"
    monkeypatch.setenv("SHOP_API_KEY", secret)
    root = write_files(tmp_path / "shop", {"payments.py": f'KEY = "{secret}"\n{PAYMENTS}'})
    _, _, person = await run_coder(root, YES)
    assert person.shown[0].editable is None
    assert (root / "payments.py").read_text() == f'KEY = "{secret}"\n{CHANGED}'
