"""The scripted model that the other tests rely on."""

import contextlib
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.model_server import ScenarioError, When, load_scenario, scripted_model
from tests.support.model_server.files import VERBS, read_scenario
from tests.support.source_tree import ROOT

pytestmark = pytest.mark.req("MODEL-2")


def ask(url: str, text: str, **rest: object) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": text}], **rest}
    return httpx.post(f"{url}/chat/completions", json=body, trust_env=False)


def test_the_first_rule_that_fits_answers() -> None:
    rules = [When("hello", times=1).say("hi"), When(matches="hel+o").say("again"), When(nth=3).status(429)]
    with scripted_model(rules) as server:
        answers = [ask(server.base_url, text) for text in ("hello", "hello", "other")]
        assert [a.json()["choices"][0]["message"]["content"] for a in answers[:2]] == ["hi", "again"]
        assert answers[2].status_code == 429
        assert [request.body["messages"][0]["content"] for request in server.requests] == [
            "hello",
            "hello",
            "other",
        ]


def test_a_stream_has_the_pieces_of_text_and_calls() -> None:
    with scripted_model([When().say("abcd", pieces=2).call("read", {"path": "a.py"}, pieces=3)]) as server:
        lines = ask(server.base_url, "x", stream=True).text.split("\n\n")
        deltas = [json.loads(line[6:])["choices"][0]["delta"] for line in lines[:-2]]
        assert "".join(delta.get("content") or "" for delta in deltas) == "abcd"
        calls = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
        assert len(calls) == 3
        assert json.loads("".join(call["function"]["arguments"] for call in calls)) == {"path": "a.py"}
        assert lines[-2] == "data: [DONE]"


def test_a_request_that_was_not_expected_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="surprise"), scripted_model([When("hello").say("hi")]) as server:
        assert ask(server.base_url, "surprise").status_code == 400


PAGE = (ROOT / "docs" / "scripted-model.md").read_text(encoding="utf-8")


def rule(step: dict[str, Any]) -> list[When]:
    return read_scenario({"rules": [{"then": [{"say": "so "}, step]}]}, "test")


def streamed(url: str) -> str:
    """Return the body of a stream as far as it comes."""
    body = ""
    request = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "go"}]}
    with httpx.stream("POST", f"{url}/chat/completions", json=request, trust_env=False) as response:
        for text in response.iter_text():
            body += text
            if len(body) > 1_000_000:
                break
    return body


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"say": "hello", "pieces": 5}, '"content": "o"'),
        ({"say": "hi", "pieces": 2, "delay": 0.001}, '"content": "i"'),
        ({"call": "read", "arguments": {"path": "a"}, "id": "c7"}, '"id": "c7"'),
        ({"call": "read", "arguments": "{broken"}, '"arguments": "{broken"'),
        ({"finish": "length"}, '"finish_reason": "length"'),
        ({"whole": True}, '"object": "chat.completion"'),
        ({"never_ends": "more "}, '"content": "more "'),
        ({"endless_line": True}, "x" * 65536),
        ({"garbage": True}, "<html>"),
        ({"raw": "nonsense", "type": "text/plain"}, "nonsense"),
        ({"usage": [7, 3]}, "data: [DONE]"),
    ],
    ids=lambda part: next(iter(part)) if isinstance(part, dict) else None,
)
def test_each_verb_of_a_scenario_answers_as_the_manual_says(step: dict[str, Any], expected: str) -> None:
    begins = {"say": "so "} if not {"garbage", "raw"} & set(step) else {"usage": [1, 1]}
    rules = read_scenario({"rules": [{"then": [begins, step]}]}, "test")
    with scripted_model(rules) as server:
        assert expected in streamed(server.base_url)


def test_a_cut_breaks_the_stream_off() -> None:
    body = ""
    with scripted_model(rule({"cut": True})) as server:
        with contextlib.suppress(httpx.TransportError):  # what a client sees of it depends on the moment
            body = streamed(server.base_url)
        assert len(server.requests) == 1
    assert "[DONE]" not in body


@pytest.mark.slow
def test_a_stall_lasts_until_it_is_released() -> None:
    with scripted_model(rule({"stall": True})) as server:
        with pytest.raises(httpx.ReadTimeout):
            ask(server.base_url, "go", timeout=0.2)
        server.release()
        assert "so " in streamed(server.base_url)


def test_a_length_that_lies_and_a_usage_are_sent() -> None:
    rules = [When("short").raw("{}", length=1000), When().say("x").usage(7, 3)]
    with scripted_model(rules) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            ask(server.base_url, "short")
        assert ask(server.base_url, "else").json()["usage"]["total_tokens"] == 10


@pytest.mark.parametrize("status", [429, 500])
def test_a_status_comes_with_its_message_and_the_time_to_wait(status: int) -> None:
    with scripted_model(rule({"status": status, "message": "slow down", "retry_after": 2})) as server:
        answer = ask(server.base_url, "go")
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "2")
    assert answer.json()["error"]["message"] == "slow down"


def called(id: str, name: str, arguments: str) -> dict[str, Any]:
    call = {"id": id, "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "tool_calls": [call]}


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([], "messages must be a list"),
        ([{"role": "robot", "content": "x"}], "message 1 has no role"),
        ([{"role": "user", "content": None}], "message 1 has neither content nor calls"),
        ([{"role": "tool", "tool_call_id": "c", "content": "x"}], "does not wait for it"),
        (
            [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{"}}]}],
            "no JSON",
        ),
        (
            [
                {
                    "role": "assistant",
                    "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}],
                }
            ],
            "no result",
        ),
        ([{"role": "assistant", "tool_calls": [{"id": "", "function": {}}]}], "a call needs an id"),
    ],
)
def test_what_a_real_server_would_refuse_is_refused_and_fails_the_test(
    messages: list[Any], told: str
) -> None:
    with pytest.raises(AssertionError, match=told), scripted_model([When().say("hi")]) as server:
        body = {"model": "m", "messages": messages}
        answer = httpx.post(f"{server.base_url}/chat/completions", json=body, trust_env=False)
        assert answer.status_code == 400
        assert told in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("tools", "told"),
    [
        ([], "not empty, or left out"),
        ([{"type": "function"}], "a function with a name"),
        ([{"type": "function", "function": {"name": "f"}}] * 2, "the tool f is offered twice"),
    ],
)
def test_tools_that_a_real_server_would_refuse_are_refused(tools: list[Any], told: str) -> None:
    with pytest.raises(AssertionError, match=told), scripted_model([When().say("hi")]) as server:
        assert ask(server.base_url, "go", tools=tools).status_code == 400


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[rules]\n", "scenario.toml: "),
        ("", "it needs a list called rules"),
        ("[[rules]]\nthen = []\n", "rule 1: `then` must be a list of steps"),
        ("[[rules]]\nif = {}\nthen = [{say = 'x'}]\n", "rule 1: a rule has `when` and `then`"),
        ("[[rules]]\nwhen = {test = 'x'}\nthen = [{say = 'x'}]\n", "rule 1: when: 'test' is not known"),
        ("[[rules]]\nwhen = {nth = true}\nthen = [{say = 'x'}]\n", "nth must be int"),
        (
            "[[rules]]\nthen = [{sya = 'x'}]\n",
            "step 1: a step does one thing; it has none of say, call",
        ),
        ("[[rules]]\nthen = [{say = 'x', cut = true}]\n", "it has say and cut"),
        (
            "[[rules]]\nthen = [{say = 'x', speed = 3}]\n",
            "'speed' is not known; there are say, pieces",
        ),
        ("[[rules]]\nthen = [{status = '429'}]\n", "status must be int"),
    ],
)
def test_a_scenario_that_is_wrong_says_where(tmp_path: Path, text: str, told: str) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(text)
    with pytest.raises(ScenarioError, match=re.escape(told)):
        load_scenario(scenario)


def test_the_scenario_of_the_manual_works_and_its_table_names_every_verb(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(PAGE.split("```toml\n")[1].split("```")[0])
    with scripted_model(load_scenario(scenario)) as server:
        first = ask(server.base_url, "where is the card charged?").json()["choices"][0]["message"]
        assert first["tool_calls"][0]["function"]["name"] == "read_file"
        result = {"role": "tool", "tool_call_id": first["tool_calls"][0]["id"], "content": "..."}
        body = {"model": "m", "messages": [first, result]}
        second = httpx.post(f"{server.base_url}/chat/completions", json=body, trust_env=False).json()
        assert second["choices"][0]["message"]["content"] == "It is charged at `payments.py:5-7`."
        assert ask(server.base_url, "and then?").status_code == 429
    assert set(re.findall(r"^\| `(\w+) = ", PAGE, re.M)) == set(VERBS)


def test_the_python_of_the_manual_runs() -> None:
    exec(PAGE.split("```python\n")[1].split("```")[0], {"print": lambda *_: None})


def test_the_command_serves_a_scenario_file(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps({"rules": [{"when": {"text": "hello"}, "then": [{"say": "hi"}]}]}))
    assert load_scenario(scenario) == [When("hello", steps=({"say": "hi"},))]
    command = [
        sys.executable,
        "-m",
        "tests.support.model_server",
        str(scenario),
        "--log",
        str(tmp_path / "log"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert ask(url, "hello").json()["choices"][0]["message"]["content"] == "hi"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert json.loads((tmp_path / "log").read_text())[0]["messages"][0]["content"] == "hello"
