"""Budgets stop requests before they are passed, and outlive the host that keeps them."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import ModelError
from codelab_models.connect import open_chat_model
from codelab_models.failures import FailureKind, kind_of
from codelab_models.start import ask_health, ready_host
from codelab_models.usage import read_usage
from codelab_models.wire import ChatRequest, Completion, Message
from tests.support.model_host import end_process, own_places, pid_of_host
from tests.support.model_server import ScriptedModel, When, scripted_model

pytestmark = [pytest.mark.req("MODEL-4", "SAFE-4"), pytest.mark.slow]

MODEL, OTHER = "openai/gpt-4o-mini", "openai/gpt-4.1-nano"
USD_IN, USD_OUT = 0.15e-6, 0.60e-6  # a token of MODEL, in litellm's table
TOKENS = 10_000  # what an answer is allowed, and takes
FULL = USD_IN * 100 + USD_OUT * TOKENS  # what such an answer costs


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with own_places() as found:
        pid_of_host(found, Settings())
        asyncio.run(ready_host(found, Settings()))
        yield found


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModel]:
    """Give a model that takes all the tokens that it is allowed, one that is cheap, and one that waits."""
    rules = [
        When("long").say("words").usage(100, TOKENS),
        When("short").say("words").usage(100, 10),
        When("wait").stall().say("words").usage(100, TOKENS),
    ]
    async with scripted_model(rules) as found:
        yield found


async def ask(
    places: Places,
    server: ScriptedModel,
    text: str,
    *,
    session: str = "",
    agent: str = "",
    model: str = MODEL,
    **models: Any,
) -> Completion:
    settings = Settings(
        models=ModelSettings(chat=model, api_base=server.base_url, cache_hours=0, fallbacks=(), **models)
    )
    asked = open_chat_model(places, settings, {"CODELAB_API_KEY": "a-key"})
    assert asked is not None
    request = ChatRequest((Message("user", text),), max_tokens=TOKENS, session=session, agent=agent)
    parts = [part async for part in asked.stream(request)]
    assert isinstance(parts[-1], Completion)
    return parts[-1]


async def refused(places: Places, server: ScriptedModel, text: str, **rest: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await ask(places, server, text, **rest)
    assert kind_of(caught.value) is FailureKind.LIMIT
    assert caught.value.fix
    return caught.value


async def spent(places: Places, by: str = "model") -> dict[str, float]:
    used = await read_usage(places, Settings(), by)
    return {"": used["totals"]["day"]["cost_usd"]} | {
        row["name"]: row["cost_usd"] for row in used["this_month"]
    }


BUDGETS = {
    "session": ({"session": "s-1"}, "budget_usd_session", "this session", "new session"),
    "agent": ({"agent": "coder"}, "agent coder {} day", "the agent 'coder' this day", "costs less"),
    "model": ({"model": OTHER}, "model openai/gpt-4.1-nano {} month", "the model", "costs less"),
    "provider": ({"agent": "p"}, "provider openai {} month", "the provider 'openai'", "costs less"),
    "day": ({}, "budget_usd_day", "this day", "costs less"),
    "month": ({}, "budget_usd_month", "this month", "costs less"),
}


def budget(kind: str, usd: float) -> dict[str, Any]:
    """Return the setting that gives so much money."""
    setting = BUDGETS[kind][1]
    return {"budgets": (setting.format(f"{usd:.9f}"),)} if " " in setting else {setting: usd}


@pytest.mark.parametrize("kind", BUDGETS)
async def test_a_budget_is_never_passed_and_says_what_to_do(
    places: Places, server: ScriptedModel, kind: str
) -> None:
    who, _, title, fix = BUDGETS[kind]
    # What the other tests have spent belongs to the day, the month and the provider too.
    before = 0.0 if kind in ("session", "agent", "model") else (await spent(places))[""]
    limits = budget(kind, before + 0.0005)
    told = await refused(places, server, "x" * 16_000, **who, **limits)
    assert title in told.what
    assert fix in told.fix
    assert "models.budget" in told.fix
    assert "may cost" in told.why
    assert server.requests == [], "refused before anything was sent"
    completion = await ask(places, server, "short", **who, **limits)
    assert completion.message.content == "words"
    assert server.requests[0].body["max_tokens"] < TOKENS, "allowed no more than the money pays for"
    everything = {"session": f"another-{kind}", "agent": f"another-{kind}"}
    if kind in ("session", "agent"):  # the budget of one is none of the other's business
        await ask(places, server, "long", **{**everything, **limits})


async def test_many_requests_at_once_do_not_pass_a_budget_together(
    places: Places, server: ScriptedModel
) -> None:
    limits = {"session": "crowd", "budget_usd_session": 3.5 * FULL}
    tasks = [asyncio.create_task(ask(places, server, "wait", **limits)) for _ in range(12)]
    done: set[asyncio.Task[Completion]] = set()
    while len(done) < 8:
        done, _ = await asyncio.wait(tasks, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        tasks_left = [task for task in tasks if not task.done()]
        assert tasks_left
    assert all(isinstance(task.exception(), ModelError) for task in done)
    allowed = sum(request.body["max_tokens"] for request in server.requests)
    assert allowed * USD_OUT <= 3.5 * FULL
    server.release()
    answered = await asyncio.gather(*(task for task in tasks if task not in done))
    assert len(answered) == len(server.requests)


async def test_a_budget_is_told_before_it_bites(places: Places, server: ScriptedModel) -> None:
    limits = {"session": "near", "budget_usd_session": 1.1 * FULL}
    assert "warnings" not in (await ask(places, server, "long", **limits)).extra
    told = (await ask(places, server, "short", **limits)).extra["warnings"]
    assert "for this session are spent (models.budget_usd_session)" in told[0]


async def test_what_was_asked_of_a_killed_host_still_counts(places: Places, server: ScriptedModel) -> None:
    limits = {"session": "killed", "budget_usd_session": 1.2 * FULL}
    asking = asyncio.create_task(ask(places, server, "wait", **limits))
    await server.requested()
    pid = (await ask_health(await ready_host(places, Settings()))).pid
    try:
        await asyncio.to_thread(end_process, pid, signal.SIGKILL)
        with pytest.raises(ModelError, match="broke off"):
            await asking
        told = await refused(places, server, "x" * 16_000, **limits)
        assert "this session" in told.what
        assert (await spent(places, "session"))["killed"] == pytest.approx(FULL, rel=0.05)
    finally:
        second = (await ask_health(await ready_host(places, Settings()))).pid
        assert second != pid
        await asyncio.to_thread(end_process, second)
