"""What a run's model is told, from turn to turn."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from codelab.agents.asking import MOST_SHORTENINGS
from codelab.agents.room import EMPTIED, SHORTENED
from codelab.core.events import RunState
from codelab_models.tokens import tokens_of_text
from tests.support.bench import PAYMENTS, bench_on, configure, write_files
from tests.support.model_server import When, scripted_model
from tests.support.tokenizers import words_in

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


async def test_a_conversation_is_held_to_the_context_that_the_server_names(tmp_path: Path) -> None:
    files = {f"part{n}.py": f"{'x' * 40} = {n}\n" * 300 for n in range(4)}
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS, **files})
    rules = [When(nth=n + 1).call("read_file", {"path": f"part{n}.py"}, id=f"c{n}") for n in range(4)]
    with scripted_model([*rules, When(nth=5).say("Done.")]) as model:
        model.models_body = json.dumps({"data": [{"id": "scripted", "max_model_len": 15_000}]})
        configure(model)
        async with bench_on(root) as bench:
            result = await (await bench.ask("where is it charged?")).result()
    assert result.answer == "Done."
    sizes = [tokens_of_messages(request.body) for request in model.requests]
    assert max(sizes) < 15_000
    last = [
        message["content"] for message in model.requests[-1].body["messages"] if message["role"] == "tool"
    ]
    assert last[0] == EMPTIED
    assert "x" * 40 in last[-1]


def letters_in(body: dict[str, Any]) -> int:
    return sum(len(message["content"] or "") for message in body["messages"]) // 2


TOKENIZERS = {"of few tokens": (words_in, 9_000), "of many tokens": (letters_in, 28_000)}


@pytest.mark.parametrize("name", TOKENIZERS)
async def test_the_model_s_own_tokenizer_says_how_much_it_is_told(
    tmp_path: Path, codelab_home: Path, name: str
) -> None:
    tokenizer, context = TOKENIZERS[name]
    profile = f'models = ["scripted"]\ncontext = {context}\n'
    write_files(codelab_home, {"config/profiles/mine.toml": profile})
    files = {f"part{n}.py": f"{'x' * 40} = {n}\n" * 300 for n in range(4)}
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS, **files})
    rules = [When(nth=n + 1).call("read_file", {"path": f"part{n}.py"}, id=f"c{n}") for n in range(4)]
    told = {}
    for known in (True, False):
        with scripted_model([*rules, When(nth=5).say("Done.")]) as model:
            if known:
                model.tokenizers = {"/tokenize": lambda body: {"count": tokenizer(body)}}
            configure(model)
            async with bench_on(root) as bench:
                assert (await (await bench.ask("where is it charged?")).result()).answer == "Done."
        assert 0 < len(model.counted) <= (4 if known else 1)  # the first request surely fits
        longest = max(tokenizer(request.body) for request in model.requests)
        told[known] = (json.dumps(model.requests[-1].body).count("x" * 40) >= 1_200, longest <= context)
    if tokenizer is words_in:
        assert told == {True: (True, True), False: (False, True)}
    else:
        assert told == {True: (False, True), False: (True, False)}


def tokens_of_messages(body: dict[str, Any]) -> int:
    return sum(tokens_of_text(message["content"] or "") for message in body["messages"])


async def test_what_a_server_says_of_a_length_is_the_room_of_the_next_run_as_well(tmp_path: Path) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS, "long.py": f"{'x' * 100} = 1\n" * 800})
    why = "This model's maximum context length is 12000 tokens. However, your messages have 31000 tokens."
    rules = [
        When(nth=1).call("read_file", {"path": "long.py"}, id="c1"),
        When(nth=2).status(400, why, code="context_length_exceeded"),
        When(nth=3).say("Done."),
        When(nth=4).call("read_file", {"path": "long.py"}, id="c1"),
        When(nth=5).say("Done."),
    ]
    with scripted_model(rules) as model:
        configure(model)
        async with bench_on(root) as bench:
            for _ in range(2):
                assert (await (await bench.ask("where is it charged?")).result()).answer == "Done."
    assert len(model.requests) == 5
    for request in (model.requests[2], model.requests[4]):
        assert request.body["messages"][-1]["content"].endswith(SHORTENED)
        assert tokens_of_messages(request.body) < 12_000


@pytest.mark.parametrize(
    "question", ["wo wird die Karte belastet?", "где списываются деньги?", "where is it?"]
)
@pytest.mark.parametrize("way", ["native", "text", "json"])
async def test_every_way_of_offering_tools_asks_for_the_person_s_language_once(
    tmp_path: Path, question: str, way: str
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    done = json.dumps({"thinking": "", "calls": [], "answer": "Hier."}) if way == "json" else "Hier."
    with scripted_model([When(question).say(done)]) as model:
        configure(model, f'tool_calls = "{way}"\n')
        async with bench_on(root) as bench:
            assert (await (await bench.ask(question)).result()).answer == "Hier."
    system, *_, last = model.requests[0].body["messages"]
    assert system["content"].count("in the language in which they write to you") == 1
    assert last == {"role": "user", "content": question}


@pytest.mark.parametrize("way", ["native", "text", "json"])
async def test_two_runs_begin_with_the_same_bytes_and_nothing_in_them_passes(
    tmp_path: Path, way: str
) -> None:
    root = write_files(tmp_path / "shop", {"payments.py": PAYMENTS})
    done = json.dumps({"thinking": "", "calls": [], "answer": "Here."}) if way == "json" else "Here."
    with scripted_model([When().say(done)]) as model:
        configure(model, f'tool_calls = "{way}"\n')
        for question in ("where is it charged?", "what is an amount?"):
            async with bench_on(root) as bench:  # each a face of its own
                run = await bench.ask(question)
                await run.result()
                told = json.dumps(model.requests[-1].body)
                assert run.run not in told and run.session not in told
    first, second = (dict(request.body) for request in model.requests)
    system = [body.pop("messages")[0] for body in (first, second)]
    assert system[0] == system[1]
    assert first == second
