"""What the model host decides before, between and after its requests to providers."""

import json
import os
import socket
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from codelab_models.host.breaker import FAILURES, FIRST_PAUSE_SECONDS
from codelab_models.rendezvous import AGENT_HEADER, SESSION_HEADER
from tests.support.host_in_process import InProcess, host_in_process
from tests.support.model_server import ScriptedModel, When, scripted_model

pytestmark = pytest.mark.req("MODEL-4")

TOOLS = [{"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}]


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[InProcess]:
    async with host_in_process(tmp_path) as found:
        yield found


def nowhere() -> str:
    """Return the URL of a server that is down."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


# --- fallbacks ---------------------------------------------------------------------------------------------

FAILING = {
    "busy": When().status(429, "slow down"),
    "asked to wait": When().status(429, "quota", retry_after="3600"),
    "broken": When().status(500, "oops"),
    "wrong key": When().status(401, "bad key"),
    "unknown model": When().status(404, "The model does not exist"),
    "filter": When().status(400, "no", code="content_filter"),
    "too long": When().status(400, "maximum context length is 8"),
    "no tools": When().status(400, "tools are not supported"),
    "web page": When().garbage(),
    "says nothing": When(),
    "thinks it over and is cut": When().raw('data: {"choices": [{"delta": {"role": "assistant"}}]}\n\n'),
    "lies about its length": When().raw('{"choices": [', type="application/json", length=9999),
    "endless line": When().endless_line(),
}


@pytest.mark.parametrize(
    ("name", "stream"),
    [(name, stream) for name in FAILING for stream in (True, False) if stream or name != "endless line"],
)
async def test_a_model_that_fails_before_it_has_said_anything_is_passed_over(
    host: InProcess, name: str, stream: bool
) -> None:
    async with scripted_model([FAILING[name]]) as failing, scripted_model([When().say("here")]) as other:
        answer = await host.ask(failing, other, stream=stream)
        assert answer.status_code == 200
        assert len(other.requests) == 1
    assert "here" in answer.text
    first = json.loads(answer.text.split("data: ")[1] if stream else answer.text)
    assert first["codelab"]["passed_over"][0]["model"] == "openai/scripted"
    assert first["codelab"]["passed_over"][0]["why"]
    assert first["model"] == "openai/scripted-1"


async def test_a_server_that_is_down_is_passed_over(host: InProcess) -> None:
    async with scripted_model([When().say("here")]) as other:
        assert await host.said(nowhere(), other) == "here"


async def test_a_server_that_is_slow_is_passed_over(host: InProcess) -> None:
    async with scripted_model([When().stall()]) as slow, scripted_model([When().say("here")]) as other:
        assert await host.said(slow, other, limits={"local_first_token_seconds": 1}) == "here"
        await slow.left()


async def test_after_something_was_said_no_other_model_is_asked(host: InProcess) -> None:
    async with scripted_model([When().say("half").cut()]) as failing, scripted_model([]) as other:
        answer = await host.ask(failing, other, stream=True)
    assert "half" in answer.text
    assert '"kind":"cut"' in answer.text
    assert "[DONE]" not in answer.text


async def test_where_all_fail_the_first_reason_is_told_and_what_became_of_the_others(host: InProcess) -> None:
    async with scripted_model([When().status(401, "bad key")]) as one:
        told = await host.refused(one, nowhere())
    assert told["kind"] == "key"
    assert told["status"] == 401
    assert "'openai/scripted-1' instead" in told["why"]
    assert "cannot be reached" in told["why"]


async def test_a_model_on_this_machine_may_take_as_long_as_it_likes(host: InProcess) -> None:
    async with scripted_model([When().stall().say("at last")]) as slow:
        slow.release()
        assert await host.said(slow, limits={"first_token_seconds": 0.000001}) == "at last"
        told = await host.refused(slow, text="again", limits={"local_first_token_seconds": 0.000001})
    assert told["kind"] == "timeout"
    assert "local_first_token_seconds" in told["fix"]


# --- retries and the breaker -------------------------------------------------------------------------------


async def test_what_may_pass_is_tried_again_and_counts_as_one_request(host: InProcess) -> None:
    rules = [When(nth=1).status(500), When(nth=2).status(429, retry_after="0"), When().say("hi")]
    async with scripted_model(rules) as server:
        assert await host.said(server) == "hi"
        assert len(server.requests) == 3
    totals = (await host.usage())["totals"]["hour"]
    assert (totals["requests"], totals["failed"]) == (1, 2)


async def fail_often(host: InProcess, server: ScriptedModel | str) -> None:
    for _ in range(FAILURES):
        await host.refused(server)


async def test_a_provider_that_keeps_failing_is_left_alone_and_then_tried_by_one_request(
    host: InProcess,
) -> None:
    rules = [When(times=3 * FAILURES + 3).status(500, "oops"), When().say("well again")]
    async with scripted_model(rules) as server:
        await fail_often(host, server)
        sent = len(server.requests)
        told = await host.refused(server)
        assert len(server.requests) == sent
        assert f"failed {FAILURES} times in a row" in told["what"]
        assert (await host.usage())["left_alone"][0]["failures"] == FAILURES
        host.clock.now += FIRST_PAUSE_SECONDS
        assert "oops" in (await host.refused(server))["why"]
        host.clock.now += FIRST_PAUSE_SECONDS  # the second pause is longer
        assert "in a row" in (await host.refused(server))["what"]
        host.clock.now += FIRST_PAUSE_SECONDS
        assert await host.said(server) == "well again"
        assert (await host.usage())["left_alone"] == []


async def test_another_server_of_the_same_provider_is_not_left_alone(host: InProcess) -> None:
    async with scripted_model([When().say("hi")]) as server:
        await fail_often(host, nowhere())
        assert await host.said(server) == "hi"


async def test_a_wrong_key_says_nothing_about_the_provider(host: InProcess) -> None:
    async with scripted_model([When(times=FAILURES).status(401, "no"), When().say("hi")]) as server:
        await fail_often(host, server)
        assert await host.said(server) == "hi"


async def test_a_provider_that_asked_to_wait_is_not_asked_while_there_is_another(host: InProcess) -> None:
    rules = [When(nth=1).status(429, "quota", retry_after="60"), When().say("first")]
    async with scripted_model(rules) as server, scripted_model([When().say("second")]) as other:
        assert await host.said(server, other, text="a") == "second"
        assert await host.said(server, other, text="b") == "second"
        assert len(server.requests) == 1
        assert await host.said(server, text="c") == "first", "with no other it is asked all the same"
        assert await host.said(server, other, text="d") == "first"


# --- limits and accounts -----------------------------------------------------------------------------------


@pytest.mark.req("SAFE-4")
async def test_the_limit_of_requests_is_told_before_it_bites_and_then_bites(host: InProcess) -> None:
    limits = {"requests_per_hour": 5, "cache_hours": 0}
    async with scripted_model([When().say("hi")]) as server:
        for _ in range(4):
            answer = await host.ask(server, limits=limits)
            assert "codelab" not in answer.json()
        answer = await host.ask(server, limits=limits)
        assert "4 of 5 requests" in answer.json()["codelab"]["warnings"][0]
        told = await host.refused(server, limits=limits)
        assert len(server.requests) == 5
    assert (told["kind"], told["status"]) == ("limit", 429)
    assert "models.requests_per_hour" in told["fix"]
    assert "minutes" in told["why"]


@pytest.mark.req("SAFE-4")
async def test_a_hundred_requests_are_the_usual_limit(host: InProcess) -> None:
    standing = (await host.usage())["limits"]["requests_per_hour"]
    assert standing == {"used": 0, "limit": 100}


async def test_what_was_used_is_told_by_model_agent_and_session(host: InProcess) -> None:
    async with scripted_model([When().say("hi").usage(100, 20)]) as server:
        for session, agent in (("s1", "ask"), ("s1", "coder"), ("s2", "coder")):
            await host.said(
                server, text=session + agent, headers={SESSION_HEADER: session, AGENT_HEADER: agent}
            )
    by_agent = {row["name"]: row for row in (await host.usage("agent"))["this_month"]}
    assert by_agent["coder"]["requests"] == 2
    assert by_agent["coder"]["tokens_in"] == 200
    assert by_agent["ask"]["tokens_out"] == 20
    by_session = {row["name"]: row["requests"] for row in (await host.usage("session"))["this_month"]}
    assert by_session == {"s1": 2, "s2": 1}
    assert (await host.usage("model"))["totals"]["day"]["tokens_in"] == 300
    assert (await host.client.get("/usage", params={"by": "colour"})).status_code == 400


async def test_an_answer_that_is_cut_short_is_counted_roughly(host: InProcess) -> None:
    async with scripted_model([When().say("x" * 400).cut()]) as server:
        await host.ask(server, text="y" * 800, stream=True)
    totals = (await host.usage())["totals"]["all"]
    assert (totals["tokens_in"], totals["tokens_out"], totals["failed"]) == (200, 100, 1)


async def test_accounts_survive_the_host(tmp_path: Path) -> None:
    limits = {"requests_per_hour": 1}
    async with scripted_model([When().say("hi")]) as server:
        async with host_in_process(tmp_path) as host:
            await host.said(server, limits=limits)
        async with host_in_process(tmp_path) as host:
            assert (await host.refused(server, text="another", limits=limits))["kind"] == "limit"


async def test_damaged_accounts_are_set_aside(host: InProcess, tmp_path: Path) -> None:
    (tmp_path / "models.db").write_bytes(b"this is no database, however long it may be" * 100)
    async with scripted_model([When().say("hi")]) as server:
        assert await host.said(server) == "hi"
    assert [name for name in os.listdir(tmp_path) if ".damaged-" in name]


async def test_accounts_of_a_newer_codelab_are_left_alone_and_told(host: InProcess, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "models.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    async with scripted_model([]) as server:
        told = await host.refused(server)
    assert "update CodeLab" in told["why"]
    assert "models.db" in told["why"]


async def test_limits_that_are_none_are_refused(host: InProcess) -> None:
    async with scripted_model([]) as server:
        assert "no setting" in (await host.refused(server, limits={"requests_per_hour": "many"}))["why"]


# --- answers kept ------------------------------------------------------------------------------------------


async def test_the_same_request_gets_the_answer_of_before(host: InProcess) -> None:
    async with scripted_model([When().say("made once", pieces=3)]) as server:
        assert await host.said(server) == "made once"
        again = await host.ask(server)
        assert again.json()["codelab"] == {"cached": True}
        streamed = await host.ask(server, stream=True)
        assert "made once" in streamed.text
        assert streamed.text.endswith("data: [DONE]\n\n")
        assert len(server.requests) == 1
    usage = await host.usage()
    assert usage["totals"]["hour"]["requests"] == 1
    assert usage["totals"]["hour"]["cached"] == 2
    assert (usage["cache"]["answers"], usage["cache"]["hits"]) == (1, 2)


async def test_kept_answers_can_be_cleared(host: InProcess) -> None:
    async with scripted_model([When().say("hi")]) as server:
        await host.said(server)
        assert (await host.client.delete("/cache")).json() == {"cleared": 1}
        await host.said(server)
        assert len(server.requests) == 2


DIFFERENT = {
    "tools": {"tools": TOOLS},
    "other words": {"text": "hello!"},
    "another temperature": {"temperature": 0.3},
    "another key": {"headers": {"Authorization": "Bearer other"}},
    "asked to be new": {"headers": {"Cache-Control": "no-cache"}},
    "switched off": {"limits": {"cache_hours": 0}},
}


@pytest.mark.parametrize("name", DIFFERENT)
async def test_a_request_that_is_not_the_same_is_asked_anew(host: InProcess, name: str) -> None:
    async with scripted_model([When().say("hi")]) as server:
        await host.said(server)
        await host.said(server, **DIFFERENT[name])
        assert len(server.requests) == 2


NOT_KEPT = {
    "with tools": (When().say("hi"), {"tools": TOOLS}),
    "cut short": (When().say("hi").finish("length"), {}),
    "a call": (When().call("read", {}), {}),
}


@pytest.mark.parametrize("name", NOT_KEPT)
@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_acts_or_is_not_whole_is_not_kept(
    host: InProcess, name: str, stream: bool
) -> None:
    rule, body = NOT_KEPT[name]
    async with scripted_model([rule]) as server:
        for _ in range(2):
            await host.ask(server, stream=stream, **body)
        assert len(server.requests) == 2


async def test_a_cache_that_cannot_be_read_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "answers.db").write_bytes(b"no database" * 1000)
    async with scripted_model([When().say("hi")]) as server, host_in_process(tmp_path) as host:
        await host.said(server)
        await host.said(server)
        assert len(server.requests) == 1
