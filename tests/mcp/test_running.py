"""``run``: approvals by elicitation in both eras, elsewhere where the client cannot ask, cancellation."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from codelab.workbench.types import Verdict
from tests.support.bench import bench_on, configure, write_files
from tests.support.command_line import codelab
from tests.support.mcp_client import GUARD_SECONDS, MODES, Mode, Noted, PersonAtClient, connected, text_of
from tests.support.model_server import ScriptedModel, When, scripted_model
from tests.support.slow_reading import half_read

pytestmark = pytest.mark.slow

BEFORE = "def pay(amount):\n    return charge(amount)\n"
AFTER = "def pay(amount):\n    check(amount)\n    return charge(amount)\n"
EDIT = {
    "path": "pay.py",
    "replacements": [{"old": "    return", "new": "    check(amount)\n    return"}],
}
SECOND_EDIT = {"path": "pay.py", "replacements": [{"old": "check(amount)", "new": "verify(amount)"}]}
DONE = When(role="tool", text="changed").say("Checked the amount.")
REFUSED = When(role="tool", matches="(?i)reject|refus|not approved").say("I left it.")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_files(tmp_path / "project", {"pay.py": BEFORE})


@contextmanager
def coder(*rules: When) -> Iterator[ScriptedModel]:
    """A model that proposes an edit when asked, then does as the rules say."""
    with scripted_model([When(role="user").call("edit_file", EDIT), *rules]) as model:
        configure(model)
        yield model


async def run(client: Client, task: str = "check the amount", **more: Any) -> dict[str, Any]:
    result = await client.call_tool("run", {"task": task}, **more)
    assert not result.is_error, text_of(result)
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def content(project: Path) -> str:
    return (project / "pay.py").read_text()


@pytest.mark.req("CARD-2", "SAFE-2")
@pytest.mark.parametrize("mode", MODES)
async def test_a_change_that_the_person_accepts_is_made(project: Path, mode: Mode) -> None:
    person = PersonAtClient("apply")
    noted = Noted()
    with coder(DONE):
        async with connected(project, mode, person=person) as client:
            report = await run(client, progress_callback=noted)
    assert content(project) == AFTER
    assert (report["state"], report["agent"], report["answer"]) == ("done", "coder", "Checked the amount.")
    assert [changed["path"] for changed in report["changed"]] == ["pay.py"]
    assert [approval["state"] for approval in report["approvals"]] == ["approved"]
    assert len(person.questions) == 1
    assert "+    check(amount)" in person.questions[0] and "pay.py" in person.questions[0]
    assert "coder: editing pay.py" in noted.lines and "coder: waiting for approval" in noted.lines


@pytest.mark.req("CARD-2", "MODEL-2")
@pytest.mark.parametrize("mode", MODES)
async def test_progress_tells_how_far_a_slow_model_has_read(project: Path, mode: Mode) -> None:
    noted = Noted()
    with scripted_model([When().raw(half_read("Nothing to do."))]) as model:
        configure(model)
        async with connected(project, mode) as client:
            report = await run(client, progress_callback=noted)
    assert report["answer"] == "Nothing to do."
    assert "coder: the model reads the conversation: 50 % of 8,000 tokens" in noted.lines


@pytest.mark.req("SAFE-3")
async def test_an_assistant_chooses_a_narrower_mode_and_no_wider_one(project: Path) -> None:
    with coder(When(role="tool", text="only plans").say("I would check the amount.")):
        async with connected(project, MODES[0]) as client:
            planned = await client.call_tool("run", {"task": "check the amount", "mode": "plan"})
            refused = await client.call_tool("run", {"task": "check the amount", "mode": "allow-edits"})
    assert planned.structured_content is not None
    assert (planned.structured_content["mode"], planned.structured_content["changed"]) == ("plan", [])
    assert refused.is_error and "cannot choose the mode allow-edits" in text_of(refused)
    assert content(project) == BEFORE


@pytest.mark.req("CARD-2", "SAFE-2")
@pytest.mark.parametrize("mode", MODES)
async def test_anything_but_a_yes_changes_nothing_and_the_agent_reads_why(project: Path, mode: Mode) -> None:
    answers = ("decline", "cancel", "nonsense", ("reject", "call it verify"))
    with coder(REFUSED) as model:
        async with connected(project, mode, person=PersonAtClient(*answers)) as client:
            reports = [await run(client) for _ in answers]
    assert content(project) == BEFORE
    for report in reports:
        assert report["changed"] == [] and report["answer"] == "I left it."
        assert [approval["state"] for approval in report["approvals"]] == ["rejected"]
    assert "call it verify" in model.requests[-1].body["messages"][-1]["content"]


@pytest.mark.req("CARD-2", "SAFE-2")
@pytest.mark.parametrize("mode", MODES)
async def test_a_change_may_be_edited_in_the_form_and_is_asked_for_again(project: Path, mode: Mode) -> None:
    mine = AFTER.replace("check", "verify")
    person = PersonAtClient({"decision": "edit", "edited": mine}, "apply")
    with coder(DONE):
        async with connected(project, mode, person=person) as client:
            report = await run(client)
    assert content(project) == mine
    assert [approval["state"] for approval in report["approvals"]] == ["edited", "approved"]
    assert "as you edited it" in person.questions[1] and "+    verify(amount)" in person.questions[1]


@pytest.mark.req("CARD-2", "SAFE-2")
@pytest.mark.parametrize("mode", MODES)
async def test_each_change_of_a_run_is_asked_for_once(project: Path, mode: Mode) -> None:
    person = PersonAtClient("apply", "apply")
    again = When(role="tool", text="changed", times=1).call("edit_file", SECOND_EDIT)
    with coder(again, DONE) as model:
        async with connected(project, mode, person=person) as client:
            report = await run(client)
    assert content(project) == AFTER.replace("check", "verify")
    assert len(person.questions) == len(report["approvals"]) == 2
    assert len(model.requests) == 3  # the run went on; it was not started again for each answer


@pytest.mark.req("CARD-2", "SAFE-2")
@pytest.mark.parametrize("mode", MODES)
async def test_without_elicitation_the_person_answers_on_the_command_line(project: Path, mode: Mode) -> None:
    with coder(DONE):
        async with connected(project, mode) as client:
            waiting = await run(client)
            assert waiting["state"] == "waiting for approval"
            asked = waiting["waiting_for"]
            assert "+    check(amount)" in asked["detail"] and asked["id"] in asked["how_to_answer"]
            assert content(project) == BEFORE

            still = await client.call_tool("continue_run", {"run": waiting["run"], "wait_seconds": 0})
            assert still.structured_content is not None
            assert still.structured_content["waiting_for"]["id"] == asked["id"]

            answered = await asyncio.to_thread(
                codelab, "approvals", "approve", asked["id"], "--root", project, "--json"
            )
            assert answered.code == 0, answered.err
            assert answered.data["counted"] is True
            ended = await client.call_tool("continue_run", {"run": waiting["run"]})
            again = await client.call_tool("continue_run", {"run": waiting["run"]})
    assert ended.structured_content is not None
    assert ended.structured_content["state"] == "done"
    assert again.structured_content == ended.structured_content
    assert content(project) == AFTER


@pytest.mark.req("CARD-2", "SAFE-2")
async def test_an_answer_elsewhere_withdraws_the_question(project: Path) -> None:
    person = PersonAtClient("wait")
    with coder(DONE):
        async with bench_on(project) as elsewhere, connected(project, "legacy", person=person) as client:
            running = asyncio.create_task(run(client))
            await asyncio.wait_for(person.asked.wait(), GUARD_SECONDS)
            approval = (await elsewhere.approvals())[0]
            assert "claude-code" in approval.asked_by
            decision = await elsewhere.decide(approval.id, Verdict.APPROVED)
            assert decision.counted
            report = await asyncio.wait_for(running, GUARD_SECONDS)
            await asyncio.wait_for(person.withdrawn.wait(), GUARD_SECONDS)
    assert report["state"] == "done" and content(project) == AFTER


@pytest.mark.req("CARD-2", "SAFE-2")
async def test_an_answer_that_comes_second_does_not_count(project: Path) -> None:
    with coder(REFUSED):
        async with bench_on(project) as elsewhere:

            class Late(PersonAtClient):
                async def __call__(self, context: object, params: Any) -> Any:
                    approval = (await elsewhere.approvals())[0]
                    await elsewhere.decide(approval.id, Verdict.REJECTED)
                    return await super().__call__(context, params)

            async with connected(project, "auto", person=Late("apply")) as client:
                report = await run(client)
    assert content(project) == BEFORE
    assert [approval["state"] for approval in report["approvals"]] == ["rejected"]


@pytest.mark.req("CARD-2", "SAFE-8")
@pytest.mark.parametrize("mode", MODES)
async def test_cancelling_the_call_cancels_the_run(project: Path, mode: Mode) -> None:
    with scripted_model([When(role="user").stall()]) as model:
        configure(model)
        async with bench_on(project) as elsewhere, connected(project, mode) as client:
            call = asyncio.create_task(run(client))
            await model.requested()
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            await model.left()
            async with asyncio.timeout(GUARD_SECONDS):
                while (await elsewhere.status()).runs_active:  # noqa: ASYNC110 - seen from another face
                    await asyncio.sleep(0.02)
    assert content(project) == BEFORE


@pytest.mark.req("CARD-2", "SAFE-8")
async def test_stop_ends_a_run_that_waits_for_the_person(project: Path) -> None:
    with coder():
        async with connected(project, "auto") as client:
            waiting = await run(client)
            stopped = await client.call_tool("stop", {"run": waiting["run"]})
            ended = await client.call_tool("continue_run", {"run": waiting["run"]})
    assert stopped.structured_content == {"runs": [waiting["run"]]}
    assert ended.structured_content is not None and ended.structured_content["state"] == "cancelled"
    assert content(project) == BEFORE


@pytest.mark.req("CARD-2", "SAFE-8")
@pytest.mark.parametrize("mode", MODES)
async def test_undo_asks_the_person_first(project: Path, mode: Mode) -> None:
    with coder(DONE):
        person = PersonAtClient("apply", "decline", "undo")
        async with connected(project, mode, person=person) as client:
            (changed,) = (await run(client))["changed"]
            refused = await client.call_tool("undo", {"checkpoint": changed["checkpoint"]})
            assert refused.is_error and content(project) == AFTER
            assert changed["diff"] in person.questions[-1]
            undone = await client.call_tool("undo", {"checkpoint": changed["checkpoint"]})
    assert undone.structured_content is not None
    assert undone.structured_content["paths"] == ["pay.py"]
    assert content(project) == BEFORE


@pytest.mark.req("CARD-2", "SAFE-8")
async def test_undo_is_refused_where_nobody_can_be_asked(project: Path) -> None:
    with coder(DONE):
        async with connected(project, "auto", person=PersonAtClient("apply")) as client:
            (changed,) = (await run(client))["changed"]
        async with connected(project, "auto") as client:
            refused = await client.call_tool("undo", {"checkpoint": changed["checkpoint"]})
    assert refused.is_error and "codelab undo" in text_of(refused)
    assert content(project) == AFTER


@pytest.mark.req("CARD-2", "MODEL-5")
async def test_without_a_model_run_says_how_to_add_one(project: Path) -> None:
    async with connected(project, "auto") as client:
        result = await client.call_tool("run", {"task": "anything"})
    assert result.is_error and "codelab config set" in text_of(result)


@pytest.mark.req("CARD-2", "MODEL-4")
async def test_a_model_that_fails_is_told(project: Path) -> None:
    with scripted_model([When().status(400, "no such model")]) as model:
        configure(model)
        async with connected(project, "auto") as client:
            report = await run(client)
            asked = await client.call_tool("ask", {"question": "what?"})
    assert report["state"] == "failed" and "no such model" in report["error"]
    assert asked.is_error and "no such model" in text_of(asked)
