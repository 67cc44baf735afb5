"""What a run's model is told, from turn to turn."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from codelab.agents.asking import MOST_SHORTENINGS
from codelab.agents.room import EMPTIED
from codelab.core.events import RunState
from tests.support.bench import PAYMENTS, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model

pytestmark = pytest.mark.req("MODEL-4", "MODEL-7")

TOO_LONG = "This model's maximum context length is 4096 tokens"


@pytest.mark.parametrize("way", ["native", "text", "json"])
async def test_each_request_of_a_run_begins_with_the_bytes_of_the_one_before(
    tmp_path: Path, way: str
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    rules = []
    for number in range(1, 4):
        arguments = {"path": "payments.py", "start_line": number}
        call = {"name": "read_file", "arguments": arguments}
        structured = json.dumps({"thinking": "", "calls": [call], "answer": ""})
        tagged = f"<tool_call>{json.dumps(call)}</tool_call>"
        rule = When(nth=number)
        rules.append(
            rule.call("read_file", arguments, id=f"c{number}")
            if way == "native"
            else rule.say(tagged if way == "text" else structured)
        )
    with scripted_model([*rules, When(nth=4).say("Done.")]) as model:
        configure(model, f'tool_calls = "{way}"\n')
        async with bench_on(root) as bench:
            assert (await (await bench.ask("where is it charged?")).result()).answer == "Done."
    bodies = [request.body for request in model.requests]
    assert len(bodies) == 4
    for before, after in pairwise(bodies):
        begin = json.dumps(before["messages"])[:-1]
        assert json.dumps(after["messages"]).startswith(begin)
        assert len(after["messages"]) > len(before["messages"])
        assert {key: value for key, value in after.items() if key != "messages"} == {
            key: value for key, value in before.items() if key != "messages"
        }


@pytest.mark.parametrize("agent", ["ask", "coder"])
async def test_every_agent_is_told_to_write_in_the_person_s_language(tmp_path: Path, agent: str) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("wo wird").say("Hier.")]) as model:
        configure(model)
        async with bench_on(root) as bench:
            start = bench.ask if agent == "ask" else bench.act
            await (await start("wo wird die Karte belastet?")).result()
    system = model.requests[0].body["messages"][0]["content"]
    assert system.endswith("Code, names, paths and quotations stay as they are.")
    assert system.count("in the language in which they write to you") == 1


async def test_a_conversation_that_the_server_finds_too_long_is_shortened_and_the_run_goes_on(
    tmp_path: Path,
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS, "long.py": f"{'x' * 100} = 1\n" * 400})
    rules = [
        When(nth=1).call("read_file", {"path": "long.py"}, id="c1"),
        When(nth=2).call("read_file", {"path": "payments.py"}, id="c2"),
        When(nth=3).status(400, TOO_LONG, code="context_length_exceeded"),
        When(nth=4).say("Done."),
    ]
    with scripted_model(rules) as model:
        configure(model)
        async with bench_on(root) as bench:
            result = await (await bench.ask("where is it charged?")).result()
    assert result.answer == "Done."
    results = [message for message in model.requests[3].body["messages"] if message["role"] == "tool"]
    assert results[0]["content"] == EMPTIED
    assert "def charge" in results[1]["content"]


async def test_shortening_ends_where_nothing_more_can_be_left_out(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    with scripted_model([When("charged").status(400, TOO_LONG, code="context_length_exceeded")]) as model:
        configure(model)
        async with bench_on(root) as bench:
            result = await (await bench.ask("where is it charged?")).result()
    assert result.state is RunState.FAILED
    assert "too long" in result.error
    assert len(model.requests) <= MOST_SHORTENINGS
