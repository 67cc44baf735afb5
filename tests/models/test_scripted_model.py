"""The scripted model that the other tests rely on."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.model_server import When, load_scenario, scripted_model

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
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert ask(url, "hello").json()["choices"][0]["message"]["content"] == "hi"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert json.loads((tmp_path / "log").read_text())[0]["messages"][0]["content"] == "hello"
