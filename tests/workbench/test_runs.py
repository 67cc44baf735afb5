"""Runs: answers with sources, limits, failures, cancelling, and being taken up again."""

import asyncio
import os
from pathlib import Path

import pytest

from codelab.agents.limits import MOST_CALLS
from codelab.core.errors import InputError
from codelab.core.events import ApprovalAsked, ModelChosen, RunEnded, RunStarted, RunState, Token, ToolCalled
from codelab.core.positions import LineSpan
from codelab.workbench.handle import RunHandle
from codelab.workbench.types import Verdict
from tests.support.bench import PAYMENTS, Person, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model

READ = {"path": "payments.py", "start_line": 5, "end_line": 7}
EDIT = {"path": "payments.py", "replacements": [{"old": "amount}", "new": "amount, 'ok': True}"}]}


@pytest.mark.req("AGENT-16", "AGENT-1")
async def test_an_answer_streams_and_cites_only_what_was_read(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    answer = "The card is charged at `payments.py:5-7`; see also `refunds.py:3`."
    rules = [When("charged", role="user").call("read_file", READ), When(role="tool").say(answer, pieces=5)]
    with scripted_model(rules) as model:
        configure(model)
        async with bench_on(root) as bench:
            handle = await bench.ask("where is the card charged?")
            events = [event async for event in handle.events()]
            result = await handle.result()
    assert isinstance(events[0], RunStarted)
    assert events[0].agent == "ask"
    assert "".join(event.text for event in events if isinstance(event, Token)) == answer
    assert [event.title for event in events if isinstance(event, ToolCalled)] == ["reading payments.py"]
    assert isinstance(events[-1], RunEnded)
    assert result.sources == (LineSpan("payments.py", 5, 7),)
    assert "Cited but not read in this run, so do not rely on it: `refunds.py:3`" in result.answer
    assert result.tokens > 0


@pytest.mark.req("MODEL-1")
async def test_a_run_writes_down_which_model_it_asks_and_why(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = [When("charged", role="user").call("read_file", READ), When(role="tool").say("Done.")]
    with scripted_model(rules) as model:
        configure(model, 'code = "coder-model"\n')
        async with bench_on(root) as bench:
            handle = await bench.ask("where is the card charged?")
            events = [event async for event in handle.events()]
        assert {request.body["model"] for request in model.requests} == {"coder-model"}
    (chosen,) = [event for event in events if isinstance(event, ModelChosen)]
    assert (chosen.role, chosen.model) == ("code", "coder-model")
    assert chosen.steps == ("models.code names coder-model: native tool calls.",)


@pytest.mark.req("MODEL-1", "MODEL-4")
async def test_an_unknown_model_is_told_before_the_model_host_is_started(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    configure(None, '[models]\ncode = "nonsense"\nchat = "more-nonsense"\n')
    async with bench_on(root) as bench:
        result = await (await bench.ask("where is the card charged?")).result()
    assert result.state is RunState.FAILED
    assert result.error is not None
    assert "No provider is known for the model 'nonsense'" in result.error
    assert not (Path(os.environ["CODELAB_HOME"]) / "cache" / "model-host").exists()


@pytest.mark.req("MODEL-5")
async def test_without_a_model_the_answer_is_found_and_says_so(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS, "other.py": "x = 1\n"})
    async with bench_on(root) as bench:
        result = await (await bench.ask("where is the card charged?")).result()
    assert result.state is RunState.DONE
    assert result.model == ""
    assert "no model is set up, so nothing here is generated" in result.answer
    assert result.sources[0].path == "payments.py"
    assert "function `charge`" in result.answer
    assert "codelab config set" in result.answer


@pytest.mark.req("AGENT-4", "AGENT-11")
@pytest.mark.slow
async def test_with_one_search_allowed_the_search_tool_disappears_after_it(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = [
        When("charged", role="user").call("search_code", {"query": "charge"}),
        When(role="tool").say("ok"),
    ]
    with scripted_model(rules) as model:
        configure(model, "[run]\nsearches = 1\n")
        async with bench_on(root) as bench:
            result = await (await bench.ask("where is it charged?")).result()
    offered = [[tool["function"]["name"] for tool in request.body["tools"]] for request in model.requests]
    assert offered == [
        ["find_references", "find_symbol", "outline", "read_file", "repo_map", "search_code"],
        ["find_references", "find_symbol", "outline", "read_file", "repo_map"],
    ]
    assert result.limits == ("searches",)


@pytest.mark.req("AGENT-4")
async def test_at_the_last_iteration_the_model_is_told_to_finish_and_has_no_tools(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = [
        When("limit of iterations").say("Read some of it; the rest is left."),
        When("charged", role="user").call("read_file", READ),
    ]
    with scripted_model(rules) as model:
        configure(model, "[run]\niterations = 2\n")
        async with bench_on(root) as bench:
            result = await (await bench.ask("where is it charged?")).result()
    assert result.state is RunState.DONE
    assert result.answer == "Read some of it; the rest is left."
    assert "tools" not in model.requests[-1].body
    assert result.limits == ("iterations",)


@pytest.mark.req("MODEL-3", "TOOL-1", "AGENT-6")
@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("edit_file", '{"path": "payments.py", "replacements": [{"old": "def', "not valid"),
        ("edit_file", '{"path": "payments.py", "edits": []}', "not valid"),
        ("edit_file", '["payments.py"]', "not valid"),
        ("delete_everything", "{}", "There is no tool"),
        ("read_file", '{"path": "nothing.py"}', "nothing.py"),
        ("read_file", '{"path": "payments.py", "start_line": 900}', "has no line 900"),
    ],
)
async def test_a_call_that_cannot_be_done_goes_back_as_an_error_and_is_never_executed(
    tmp_path: Path, name: str, arguments: str, told: str
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model(
        [When("go", role="user").call(name, arguments), When(role="tool").say("ok")]
    ) as model:
        configure(model)
        async with bench_on(root) as bench:
            result = await (await bench.act("go")).result()
    assert result.state is RunState.DONE
    assert told in model.requests[-1].body["messages"][-1]["content"]
    assert (root / "payments.py").read_text() == PAYMENTS


@pytest.mark.req("AGENT-6")
async def test_the_same_call_a_third_time_in_a_row_is_refused(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = [When("made this very call").say("stopped"), When(matches="go|payments").call("read_file", READ)]
    with scripted_model(rules) as model:
        configure(model)
        async with bench_on(root) as bench:
            result = await (await bench.act("go")).result()
    assert result.answer == "stopped"
    assert len(model.requests) == 4


@pytest.mark.req("AGENT-17", "MODEL-3")
async def test_a_model_that_answers_garbage_fails_the_run_in_words_and_the_session_goes_on(
    tmp_path: Path,
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("first").garbage(), When("second").say("fine")]) as model:
        configure(model)
        async with bench_on(root) as bench:
            failed = await (await bench.ask("first")).result()
            assert failed.state is RunState.FAILED
            assert "Traceback" not in failed.error
            assert failed.error
            result = await (await bench.ask("second", session=failed.session)).result()
    assert result.answer == "fine"
    assert result.session == failed.session


@pytest.mark.req("AGENT-4")
async def test_an_answer_that_outlasts_the_run_is_stopped_in_words(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("long").never_ends()]) as model:
        configure(model, "[run]\nseconds = 0.5\n")
        async with bench_on(root) as bench:
            result = await (await bench.ask("long")).result()
    assert result.state is RunState.FAILED
    assert result.error.startswith("The model was stopped. the run's limit of 0.5 s was reached")
    assert result.limits == ("time",)


@pytest.mark.req("AGENT-4", "MODEL-4")
async def test_tokens_are_estimated_where_the_server_does_not_count_them(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("hello").say("x" * 4000).usage(0, 0)]) as model:
        configure(model)
        async with bench_on(root) as bench:
            result = await (await bench.ask("hello")).result()
    assert 1000 < result.tokens < 3000


@pytest.mark.req("AGENT-16")
async def test_an_answer_that_the_model_had_to_cut_says_so(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("hello").say("And then").finish("length")]) as model:
        configure(model)
        async with bench_on(root) as bench:
            result = await (await bench.ask("hello")).result()
    assert result.answer.startswith("And then")
    assert "reached its own length limit" in result.answer


@pytest.mark.req("AGENT-7", "SAFE-2")
async def test_a_run_that_may_wait_for_an_answer_still_may_when_it_is_taken_up(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = [When("go", role="user").call("edit_file", EDIT), When("payments.py changed").say("Done.")]
    with scripted_model(rules) as model:
        configure(model)
        async with bench_on(root) as bench:
            handle = await bench.act("go", wait=True)
            await _asked(handle)
        async with bench_on(root) as bench:
            resumed = await bench.resume(handle.run)
            await _asked(resumed)
            (pending,) = await bench.approvals()
            await bench.decide(pending.id, Verdict.APPROVED)
            assert (await resumed.result()).answer == "Done."


async def _asked(handle: RunHandle) -> None:
    """Wait until the run waits for an approval, and not only did so before it was interrupted."""
    async for event in handle.events():
        if isinstance(event, ApprovalAsked) and handle.active.state is RunState.WAITING_FOR_APPROVAL:
            return


@pytest.mark.req("AGENT-16", "SAFE-8")
async def test_stopping_in_the_middle_of_an_answer_cancels_the_run(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("long").never_ends()]) as model:
        configure(model)
        async with bench_on(root) as bench:
            handle = await bench.ask("long")
            async for event in handle.events():
                if isinstance(event, Token):
                    break
            assert await bench.stop() == [handle.run]
            result = await handle.result()
    assert result.state is RunState.CANCELLED
    assert result.answer == "Stopped. Nothing was changed."


@pytest.mark.req("AGENT-16", "SAFE-2")
async def test_stopping_while_an_approval_waits_withdraws_it(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("go", role="user").call("edit_file", EDIT)]) as model:
        configure(model)
        async with bench_on(root) as bench:
            person = Person(bench, None)
            bench.attach(prompter=person)
            handle = await bench.act("go")
            await person.asked.wait()
            await bench.stop(handle.run)
            late = await bench.decide(person.shown[0].id, Verdict.APPROVED)
            assert not late.counted
            assert (await handle.result()).approvals == ((person.shown[0].id, "invalidated"),)
    assert (root / "payments.py").read_text() == PAYMENTS


@pytest.mark.req("AGENT-7", "AGENT-17", "SAFE-2")
async def test_a_run_that_waits_survives_its_face_and_asks_afresh_when_taken_up(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = [When("go", role="user").call("edit_file", EDIT), When("payments.py changed").say("Done.")]
    with scripted_model(rules) as model:
        configure(model)
        async with bench_on(root) as bench:
            first = Person(bench, None)
            bench.attach(prompter=first)
            handle = await bench.act("go")
            await first.asked.wait()
        async with bench_on(root) as bench:
            (waiting,) = await bench.interrupted()
            assert waiting.run == handle.run
            assert not (await bench.decide(first.shown[0].id, Verdict.APPROVED)).counted
            second = Person(bench, Verdict.APPROVED)
            bench.attach(prompter=second)
            result = await (await bench.resume(handle.run)).result()
            assert await bench.interrupted() == []
    assert result.state is RunState.DONE
    assert result.answer == "Done."
    assert second.shown[0].id != first.shown[0].id
    assert "'ok': True" in (root / "payments.py").read_text()


@pytest.mark.req("AGENT-8")
async def test_an_interrupted_run_can_be_ended_instead(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("go", role="user").call("edit_file", EDIT)]) as model:
        configure(model)
        async with bench_on(root) as bench:
            person = Person(bench, None)
            bench.attach(prompter=person)
            handle = await bench.act("go")
            await person.asked.wait()
        async with bench_on(root) as bench:
            assert await bench.stop(handle.run) == [handle.run]
            assert await bench.interrupted() == []
            with pytest.raises(InputError, match="has ended"):
                await bench.resume(handle.run)


@pytest.mark.req("AGENT-18")
@pytest.mark.parametrize("question", ["", "   \n", "x" * 200_001])
async def test_a_question_that_is_empty_or_too_long_is_refused(tmp_path: Path, question: str) -> None:
    async with bench_on(write_files(tmp_path / "shop", {})) as bench:
        with pytest.raises(InputError):
            await bench.ask(question)


@pytest.mark.req("AGENT-16")
async def test_several_listeners_see_the_same_events_and_a_late_one_misses_none(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = [When("go", role="user").call("edit_file", EDIT), When(role="tool").say("ok")]
    with scripted_model(rules) as model:
        configure(model)
        async with bench_on(root) as bench:
            person = Person(bench, None)
            bench.attach(prompter=person)
            handle = await bench.act("go")
            early = asyncio.ensure_future(_stored(handle.events()))
            await person.asked.wait()
            late = asyncio.ensure_future(_stored(handle.events()))
            await bench.decide(person.shown[0].id, Verdict.APPROVED)
            await handle.result()
            assert await early == await late
            assert any(isinstance(event, ApprovalAsked) for event in await early)
            assert [event.seq for event in await early] == list(range(1, len(await early) + 1))


async def _stored(events):  # type: ignore[no-untyped-def]
    return [event async for event in events if not isinstance(event, Token)]


@pytest.mark.req("AGENT-4", "AGENT-6")
@pytest.mark.slow
async def test_of_many_calls_in_one_message_only_the_first_are_made_and_limits_hold_among_them(
    tmp_path: Path,
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    many = When("go", role="user")
    for number in range(MOST_CALLS + 5):
        many = many.call("search_code", {"query": f"charge {number}"}, id=f"odd id {number}")
    with scripted_model([many, When(role="tool").say("ok")]) as model:
        configure(model, "[run]\nsearches = 3\n")
        async with bench_on(root) as bench:
            handle = await bench.ask("go")
            called = [event async for event in handle.events() if isinstance(event, ToolCalled)]
    results = [message for message in model.requests[-1].body["messages"] if message["role"] == "tool"]
    assert len(results) == MOST_CALLS
    assert len(called) == 3


@pytest.mark.req("AGENT-7", "AGENT-8")
async def test_of_two_faces_that_take_up_a_run_at_once_one_gets_it(
    tmp_path: Path,
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("go", times=1).never_ends(), When("go").say("Done.")]) as model:
        configure(model)
        async with bench_on(root) as bench, bench_on(root) as other:
            async with bench_on(root) as dying:
                handle = await dying.act("go")
                await model.requested()
            taken = await asyncio.gather(
                bench.resume(handle.run), other.resume(handle.run), return_exceptions=True
            )
            (lost,) = [one for one in taken if isinstance(one, BaseException)]
            (won,) = [one for one in taken if not isinstance(one, BaseException)]
            assert isinstance(lost, InputError)
            assert (await won.result()).answer == "Done."
