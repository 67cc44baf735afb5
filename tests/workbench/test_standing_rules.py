"""Standing rules in a run: given with a yes, used and told, withdrawn by a no or an undo."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from codelab.core.errors import InputError
from codelab.core.events import RuleUsed
from codelab.workbench.types import ApprovalView, Verdict
from codelab.workbench.workbench import Workbench
from tests.support.bench import Person, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model
from tests.workbench.test_commands import AS_ROOT

pytestmark = [pytest.mark.slow, pytest.mark.req("SAFE-1", "SAFE-3")]

ALWAYS = (Verdict.APPROVED, "always")
YES, NO = Verdict.APPROVED, (Verdict.REJECTED, "no")
APPEND = [{"old": "end\n", "new": "x\nend\n"}]
EDIT = ("edit_file", {"path": "a.py", "replacements": APPEND})
COMMAND = ("run_command", {"argv": ["ls", "-l", "a.py"]})


@dataclass
class Scene:
    """A workbench with a person in front of it and an agent that makes one call for each task."""

    bench: Workbench
    person: Person

    async def task(self, *answers: Any) -> tuple[list[ApprovalView], list[RuleUsed]]:
        """Let the agent make its call; return what the person was asked and which rules were used."""
        before = len(self.person.shown)
        self.person.verdicts = list(answers)
        handle = await self.bench.act("go")
        used = [event async for event in handle.events() if isinstance(event, RuleUsed)]
        return self.person.shown[before:], used


def _prepare(root: Path) -> None:
    if not root.exists():
        write_files(root, {"a.py": "end\n", "b.py": "end\n"})


@asynccontextmanager
async def scene(
    root: Path, call: tuple[str, dict[str, Any]], *, client: str = "tests", more: str = ""
) -> AsyncIterator[Scene]:
    """Open a workspace."""
    _prepare(root)
    script = [When("go", role="user").call(*call), When(role="tool").say("Done.")]
    with scripted_model(script) as model:
        configure(model, f"{more}\n{AS_ROOT}")
        async with bench_on(root, client=client) as bench:
            person = Person(bench)
            bench.attach(prompter=person)
            yield Scene(bench, person)


@pytest.mark.parametrize(
    ("call", "words"), [(EDIT, "changes of a.py"), (COMMAND, "exactly `ls -l a.py`")], ids=["edit", "command"]
)
async def test_a_rule_given_with_a_yes_lets_just_that_pass_and_each_use_is_told(
    tmp_path: Path, call: tuple[str, dict[str, Any]], words: str
) -> None:
    root = tmp_path / "shop"
    async with scene(root, call) as there:
        (asked,), used = await there.task(ALWAYS)
        assert asked.rule == words and f'"Don\'t ask again" would allow {words} for 7 days.' in asked.remarks
        assert used == []
        for count in (1, 2):
            asked_again, (use,) = await there.task()
            assert (asked_again, use.uses, use.words) == ([], count, words)
        (rule,) = await there.bench.rules.list()
        assert (rule.uses, rule.client, rule.words) == (2, "tests (cli)", words)
    if call is EDIT:
        assert (root / "a.py").read_text() == "x\nx\nx\nend\n"
        async with scene(root, ("edit_file", {"path": "b.py", "replacements": APPEND})) as there:
            asked_again, used = await there.task(YES)
            assert len(asked_again) == 1 and used == []


async def test_a_rule_holds_for_the_client_in_which_it_was_given_and_no_other(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    async with scene(root, EDIT) as there:
        await there.task(ALWAYS)
    async with scene(root, EDIT, client="another") as there:
        asked, used = await there.task(YES)
        assert len(asked) == 1 and used == []


async def test_another_face_may_answer_but_gives_no_rule(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    async with scene(root, EDIT) as there, bench_on(root, client="editor") as other:
        there.person.verdicts.append(None)
        handle = await there.bench.act("go")
        await there.person.asked.wait()
        shown = await other.approval(there.person.shown[0].id)
        assert shown.rule == "" and there.person.shown[0].rule
        with pytest.raises(InputError, match="standing rule"):
            await other.decide(shown.id, YES, always=True)
        assert (await other.decide(shown.id, YES)).counted
        await handle.result()
        assert await other.rules.list(ended=True) == []


async def test_a_rejection_of_a_call_like_it_withdraws_the_rule(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    async with scene(root, EDIT) as there:
        await there.task(ALWAYS)
    async with scene(root, EDIT, client="another") as there:
        await there.task(NO)
    async with scene(root, EDIT) as there:
        assert await there.bench.rules.list() == []
        (ended,) = await there.bench.rules.list(ended=True)
        assert ended.state == "you rejected a call like it"
        asked, _ = await there.task(YES)
        assert len(asked) == 1


async def test_an_undo_of_what_it_allowed_withdraws_the_rule(tmp_path: Path) -> None:
    async with scene(tmp_path / "shop", EDIT) as there:
        await there.task(ALWAYS)
        await there.task()
        await there.bench.undo()
        (ended,) = await there.bench.rules.list(ended=True)
        assert ended.state == "you undid a change that it allowed"
        asked, _ = await there.task(YES)
        assert len(asked) == 1
        figures = await there.bench.rules.figures()
        assert (figures.automatic, figures.automatic_by_rule, figures.automatic_undone) == (1, 1, 1)


async def test_a_removed_rule_asks_again(tmp_path: Path) -> None:
    async with scene(tmp_path / "shop", EDIT) as there:
        await there.task(ALWAYS)
        (rule,) = await there.bench.rules.list()
        assert (await there.bench.rules.remove(rule.id)).state == "you removed it"
        asked, used = await there.task(YES)
        assert len(asked) == 1 and used == []


@pytest.mark.parametrize(
    "call",
    [
        ("run_command", {"shell": "ls"}),
        ("run_command", {"argv": ["python3", "-c", "1"]}),
        ("edit_file", {"path": ".vscode/settings.json", "content": "{}\n"}),
        ("edit_file", {"path": "new.py", "content": "x\n"}),
    ],
    ids=["shell", "interpreter", "protected", "new file"],
)
async def test_what_is_always_asked_offers_no_rule(tmp_path: Path, call: tuple[str, dict[str, Any]]) -> None:
    async with scene(tmp_path / "shop", call) as there:
        (asked, *_), _ = await there.task(NO)
        assert asked.rule == "" and "again" not in asked.remarks
        assert asked.risk_words.startswith("Risk: ") and asked.trust_words.startswith("Trust: ")


async def test_no_rule_can_be_given_where_the_settings_say_so(tmp_path: Path) -> None:
    async with scene(tmp_path / "shop", EDIT, more="[approvals]\nrule_days = 0") as there:
        (asked,), _ = await there.task(YES)
        assert asked.rule == ""


async def approved_before(there: Scene, times: int) -> Sequence[ApprovalView]:
    """Say yes so often; return what was asked."""
    return [view for _ in range(times) for view in (await there.task(YES))[0]]


async def test_a_rule_is_proposed_after_many_yeses_and_not_after_a_no(tmp_path: Path) -> None:
    settings = "[approvals]\npropose_after = 3"
    async with scene(tmp_path / "shop", EDIT, more=settings) as there:
        assert all(view.proposal == "" for view in await approved_before(there, 3))
        (asked,), _ = await there.task(NO)
        assert asked.proposal == "You approved 3 of 3 like this."
        assert "Trust: " in asked.trust_words and "3 approved" in asked.trust_words
        (asked,), _ = await there.task(YES)
        assert asked.proposal == ""


async def test_proposals_can_be_switched_off(tmp_path: Path) -> None:
    settings = "[approvals]\npropose_after = 3\nproposals = false"
    async with scene(tmp_path / "shop", EDIT, more=settings) as there:
        assert all(view.proposal == "" for view in await approved_before(there, 4))


async def test_figures_tell_how_the_person_was_asked_and_what_they_answered(tmp_path: Path) -> None:
    async with scene(tmp_path / "shop", EDIT) as there:
        await there.task(YES)
        await there.task((Verdict.EDITED, "mine\n"), YES)
        (there.bench.root / "a.py").write_text("end\n")
        await there.task(NO)
        await there.task(ALWAYS)
        await there.task()
        figures = await there.bench.rules.figures()
    assert (figures.tasks, figures.prompts, figures.prompts_per_task) == (5, 5, 1.0)
    assert (figures.approved, figures.approved_unchanged, figures.edited) == (3, 2, 1)
    assert (figures.rejected, figures.unanswered, figures.share_unchanged) == (1, 0, 0.5)
    assert (figures.automatic, figures.automatic_by_rule, figures.automatic_undone) == (1, 1, 0)
    assert (figures.rules, figures.rules_withdrawn) == (1, 0)
    (trust,) = figures.trust
    assert (trust.agent, trust.kind) == ("coder", "edit")
    assert "2 approved, 1 approved after you edited them, 1 rejected" in trust.words
