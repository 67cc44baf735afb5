"""Runs of models that have no native tool calls, or write calls that cannot be understood."""

import json
from pathlib import Path

import pytest

from codelab.agents.limits import MOST_UNCLEAR
from codelab.core.events import RunState, Token, ToolCalled, ToolReturned
from codelab.core.positions import LineSpan
from tests.support.bench import PAYMENTS, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model

pytestmark = pytest.mark.req("MODEL-3", "AGENT-3")

READ = '{"name": "read_file", "arguments": {"path": "payments.py", "start_line": 5, "end_line": 7}}'
TAGGED = f"I look.\n<tool_call>\n{READ}\n</tool_call>"
ANSWER = "The card is charged at `payments.py:5-7`."


async def test_a_model_that_only_writes_text_reads_a_file_and_answers(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = [When("<tool_response").say(ANSWER, pieces=4), When("charged").say(TAGGED, pieces=9)]
    with scripted_model(rules) as model:
        configure(model, 'tool_calls = "text"\n')
        async with bench_on(root) as bench:
            handle = await bench.ask("where is the card charged?")
            events = [event async for event in handle.events()]
            result = await handle.result()
    assert result.answer == ANSWER
    assert result.sources == (LineSpan("payments.py", 5, 7),)
    assert [event.title for event in events if isinstance(event, ToolCalled)] == ["reading payments.py"]
    assert "tool_call" not in "".join(event.text for event in events if isinstance(event, Token))
    assert all("tools" not in request.body for request in model.requests)


async def test_a_model_held_to_a_schema_reasons_acts_and_answers(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    acting = json.dumps({"thinking": "The file first.", "calls": [json.loads(READ)], "answer": ""})
    done = json.dumps({"thinking": "Enough.", "calls": [], "answer": ANSWER})
    with scripted_model([When("<tool_response").say(done), When("charged").say(acting)]) as model:
        configure(model, 'tool_calls = "json"\n')
        async with bench_on(root) as bench:
            result = await (await bench.ask("where is the card charged?")).result()
    assert result.answer == ANSWER
    assert result.sources == (LineSpan("payments.py", 5, 7),)
    assert all(request.body["response_format"]["type"] == "json_schema" for request in model.requests)


async def test_a_model_made_to_reason_first_fills_in_its_form_acts_and_answers(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    form = {"known": "", "missing": "the lines", "remaining_steps": ["read"], "next": "Read payments.py."}
    arguments = json.loads(READ)["arguments"]
    rules = [
        When(nth=1).call("reason", form, id="r1"),
        When(nth=2).call("read_file", arguments, id="c1"),
        When(nth=3).call("reason", {**form, "missing": ""}, id="r2"),
        When(nth=4).say(ANSWER),
    ]
    with scripted_model(rules) as model:
        configure(model, "reason_first = true\n")
        async with bench_on(root) as bench:
            result = await (await bench.ask("where is the card charged?")).result()
    assert result.answer == ANSWER
    assert result.sources == (LineSpan("payments.py", 5, 7),)
    third = model.requests[2].body["messages"]
    assert third[: len(model.requests[0].body["messages"])] == model.requests[0].body["messages"]
    assert [message["role"] for message in third[-2:]] == ["assistant", "tool"]
    assert third[-2]["content"] == "Read payments.py."


@pytest.mark.req("MODEL-7")
@pytest.mark.parametrize(
    ("own", "form", "steps"),
    [
        ('calls = "text"', "<tool_call>", True),
        ('calls = "text"\nnotation = "object"', '"parameters": {', True),
        ('calls = "text"\nreasoning = true', "<tool_call>", False),
    ],
)
async def test_a_model_is_told_of_tools_as_its_profile_says(
    tmp_path: Path, codelab_home: Path, own: str, form: str, steps: bool
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When().say("Here.")]) as model:
        configure(model)
        write_files(codelab_home, {"config/profiles/mine.toml": f'models = ["scripted"]\n{own}\n'})
        async with bench_on(root) as bench:
            assert (await (await bench.ask("where?")).result()).answer == "Here."
    told = model.requests[0].body["messages"][0]["content"]
    assert form in told
    assert ("Work in steps" in told) is steps


async def test_where_the_server_refuses_tools_the_run_goes_on_in_text_and_so_does_the_next(
    tmp_path: Path,
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = [
        When(nth=1).status(400, "this model does not support tools"),
        When("<tool_response").say(ANSWER),
        When("charged").say(TAGGED),
    ]
    with scripted_model(rules) as model:
        configure(model)
        async with bench_on(root) as bench:
            first = await (await bench.ask("where is the card charged?")).result()
            second = await (await bench.ask("where is it charged?")).result()
    assert first.answer == second.answer == ANSWER
    assert ["tools" in request.body for request in model.requests] == [True, False, False, False, False]


async def test_a_person_who_fixed_the_way_sees_the_refusal(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("charged").status(400, "this model does not support tools")]) as model:
        configure(model, 'tool_calls = "native"\n')
        async with bench_on(root) as bench:
            result = await (await bench.ask("where is the card charged?")).result()
    assert result.state is RunState.FAILED
    assert "does not support tools" in result.error
    assert len(model.requests) == 1


@pytest.mark.req("AGENT-4")
async def test_calls_that_stay_unclear_go_back_a_bounded_number_of_times_and_nothing_is_done(
    tmp_path: Path,
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = [
        When("limit of unclear calls").say("I could not."),
        *(
            When(role=role).call("edit_file", f'{{"path": "payments.py", "content": "x{n}', id=f"c{n}")
            for n, role in enumerate(("user", "tool"))
        ),
    ]
    with scripted_model(rules) as model:
        configure(model)
        async with bench_on(root) as bench:
            handle = await bench.act("go")
            events = [event async for event in handle.events()]
            result = await handle.result()
    assert len(model.requests) == MOST_UNCLEAR + 1
    assert result.limits == ("unclear calls",)
    assert result.answer == "I could not."
    returned = [event for event in events if isinstance(event, ToolReturned)]
    assert [event.ok for event in returned] == [False] * MOST_UNCLEAR
    assert "a string does not end at character 36" in returned[0].summary, "the person is told why, too"
    told = model.requests[1].body["messages"]
    assert "a string does not end at character 36, near `" in told[-1]["content"]
    assert told[-2]["tool_calls"][0]["function"]["arguments"] == "{}"
    assert (root / "payments.py").read_text() == PAYMENTS


async def test_a_call_that_is_understood_begins_the_count_anew(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    bad, good = "<tool_call>{oops</tool_call>", TAGGED
    steps = [bad, bad, good, bad, bad, good]
    rules = [*(When(nth=number + 1).say(text) for number, text in enumerate(steps)), When(nth=7).say(ANSWER)]
    with scripted_model(rules) as model:
        configure(model, 'tool_calls = "text"\n')
        async with bench_on(root) as bench:
            result = await (await bench.ask("where is the card charged?")).result()
    assert result.answer == ANSWER
    assert result.limits == ()
    assert "A call in your answer cannot be read" in model.requests[1].body["messages"][-1]["content"]
