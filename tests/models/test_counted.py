"""The person's limits hold as well where no model host stands between a face and the model."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from codelab.config.load import check_settings
from codelab.config.places import Places
from codelab.config.settings import ModelSettings, Settings
from codelab.core.errors import InputError, ModelError
from codelab_models.accounts.ledger import Ledger
from codelab_models.chat import ChatModel
from codelab_models.client import EndpointModel
from codelab_models.connect import open_chat_model
from codelab_models.failures import FailureKind, kind_of
from codelab_models.wire import ChatRequest, Completion, Message, TextDelta
from tests.support.host_in_process import host_in_process
from tests.support.model_server import ScriptedModel, When, scripted_model

pytestmark = pytest.mark.req("SAFE-4", "MODEL-4")

QUESTION = ChatRequest((Message("user", "hello"),), session="s", agent="a")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "config", tmp_path / "data", tmp_path / "cache")


def face(
    places: Places, server: ScriptedModel, *, chat: str = "scripted", day: float = 0.0, most: int = 5
) -> ChatModel:
    """Return the model as a face of its own has it."""
    models = ModelSettings(endpoint=server.base_url, chat=chat, requests_per_hour=most, budget_usd_day=day)
    model = open_chat_model(places, Settings(models=models), {})
    assert model is not None
    return model


async def ask(model: ChatModel) -> Completion:
    parts = [part async for part in model.stream(QUESTION)]
    assert isinstance(parts[-1], Completion)
    return parts[-1]


async def refused(model: ChatModel) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await ask(model)
    assert kind_of(caught.value) is FailureKind.LIMIT
    return caught.value


async def test_an_endpoint_has_a_limit_too_which_is_told_before_it_bites(places: Places) -> None:
    async with scripted_model([When().say("hi")]) as server:
        one, other = face(places, server), face(places, server)
        for model in (one, other, one, other):
            assert "warnings" not in (await ask(model)).extra
        assert "4 of 5 requests" in (await ask(one)).extra["warnings"][0]
        for model in (one, other):
            told = await refused(model)
            assert told.what == "The limit of 5 requests to models in an hour is reached"
            assert "models.requests_per_hour" in told.fix
            assert "60 minutes" in told.why
        assert len(server.requests) == 5
        uncounted = EndpointModel(server.base_url, "scripted")
        assert (await ask(uncounted)).message.content == "hi", "the control: nothing else would have refused"


async def test_a_hundred_in_an_hour_are_the_usual_limit(places: Places) -> None:
    async with scripted_model([When().say("hi")]) as server:
        model = face(places, server, most=ModelSettings().requests_per_hour)
        for number in range(100):
            assert ("warnings" in (await ask(model)).extra) is (number >= 80)
        await refused(model)
        assert len(server.requests) == 100


async def test_faces_that_ask_at_once_do_not_pass_the_limit_together(places: Places) -> None:
    async with scripted_model([When().stall().say("hi")]) as server:
        asking = [asyncio.create_task(ask(face(places, server))) for _ in range(20)]
        await server.requested(5)
        server.release()
        results = await asyncio.gather(*asking, return_exceptions=True)
        assert len(server.requests) == 5
    assert sum(isinstance(one, Completion) for one in results) == 5
    assert all(isinstance(one, ModelError | Completion) for one in results)


async def test_the_host_and_the_faces_without_it_count_together(places: Places) -> None:
    places.data.mkdir()
    async with scripted_model([When().say("hi").usage(30, 4)]) as server:
        async with host_in_process(places.data) as host:
            await host.said(server, limits={"requests_per_hour": 2})
            await ask(face(places, server, most=2))
            assert (await host.refused(server, text="more", limits={"requests_per_hour": 2}))["status"] == 429
            rows = {row["name"]: row for row in (await host.usage("provider"))["this_month"]}
        await refused(face(places, server, most=2))
    assert rows[server.base_url]["tokens_in"] == 30
    assert rows[server.base_url]["requests"] == rows["openai"]["requests"] == 1


async def test_what_failed_or_was_left_is_counted_with_its_reason(places: Places) -> None:
    rules = [When(nth=1).status(401, "no"), When(nth=2).say("half").stall(), When().say("whole").usage(3, 4)]
    async with scripted_model(rules) as server:
        with pytest.raises(ModelError, match="key"):
            await ask(face(places, server))
        leaving = face(places, server).stream(QUESTION)
        assert await anext(leaving) == TextDelta("half")
        await leaving.aclose()  # type: ignore[attr-defined]
        await ask(face(places, server, chat=""))
    with sqlite3.connect(places.accounts) as db:
        rows = db.execute("SELECT outcome, model, session, agent, tokens_in, tokens_out FROM attempts")
        found = rows.fetchall()
    db.close()
    assert found == [
        ("key", "scripted", "s", "a", 0, 0),
        ("left", "scripted", "s", "a", 0, 0),
        ("answered", "scripted", "s", "a", 3, 4),
    ]


async def test_a_budget_that_is_used_up_stops_an_endpoint_that_tells_its_price(places: Places) -> None:
    answer = '{"choices": [{"message": {"content": "hi"}}], "usage": {"cost": 0.5}}'
    async with scripted_model([When().raw(answer, type="application/json")]) as server:
        model = face(places, server, day=0.6)
        await ask(model)
        assert "for this day are spent" in (await ask(model)).extra["warnings"][0]
        told = await refused(model)
        assert "budget of $0.6 for this day" in told.what
        assert "models.budget_usd_day" in told.fix
        assert len(server.requests) == 2


async def test_the_last_request_of_a_small_limit_says_so(places: Places) -> None:
    async with scripted_model([When().say("hi")]) as server:
        assert "warnings" not in (await ask(face(places, server, most=2))).extra
        assert "1 of 2 requests" in (await ask(face(places, server, most=2))).extra["warnings"][0]


@pytest.mark.parametrize("line", ["coder 1 day", "agent coder much day", "agent x 1 week", "agent  1 day"])
def test_a_line_that_is_no_budget_is_explained(line: str) -> None:
    with pytest.raises(InputError, match=r"no budget.*agent, model or provider.*day or month"):
        check_settings(None, "", {"models": {"budgets": [line]}})


class Lent:
    """The model that an editor lends."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[TextDelta | Completion, None]:
        """Answer."""
        yield Completion(Message("assistant", f"to {request.messages[0].content}"), "stop", "editor/own")


async def test_the_editors_own_model_is_held_to_the_limit_too(places: Places) -> None:
    settings = Settings(models=ModelSettings(requests_per_hour=2))
    model = open_chat_model(places, settings, {}, Lent())
    assert model is not None
    assert (await ask(model)).message.content == "to hello"
    await ask(model)
    await refused(model)


async def test_without_accounts_nothing_is_asked(places: Places) -> None:
    places.data.parent.mkdir(exist_ok=True)
    places.data.write_text("no folder")
    async with scripted_model([]) as server:
        told = await refused(face(places, server))
    assert "could not be written down" in told.what
    assert "models.db" in told.why


async def test_an_answer_is_not_lost_because_it_cannot_be_written_down(places: Places) -> None:
    async with scripted_model([When().stall().say("whole")]) as server:
        asking = asyncio.create_task(ask(face(places, server)))
        await server.requested()
        for path in places.data.glob("models.db*"):
            path.unlink()
        places.accounts.mkdir()
        server.release()
        assert (await asking).message.content == "whole"
        with pytest.raises(ModelError, match="could not be written down"):
            await ask(face(places, server))


def test_the_accounts_are_for_the_person_alone(places: Places) -> None:
    ledger = Ledger(places.accounts)
    assert ledger.requests_since(0.0) == (0, 0.0)
    ledger.close()
    assert places.accounts.stat().st_mode & 0o777 == 0o600
    assert places.data.stat().st_mode & 0o777 == 0o700
