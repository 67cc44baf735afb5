"""Events on their way to the faces."""

import asyncio

import pytest

from codelab.agents.feed import Feed
from codelab.core.events import ModelReading, RunState, StateChanged, Token


@pytest.mark.req("AGENT-16")
async def test_a_listener_that_falls_behind_gets_joined_tokens_and_every_other_event() -> None:
    feed = Feed()
    events = feed.events()
    feed.publish(StateChanged(run="r", seq=1, state=RunState.PROCESSING))
    assert isinstance(await anext(events), StateChanged)
    for word in ("one ", "two ", "three"):
        feed.publish(Token(run="r", text=word))
    feed.publish(StateChanged(run="r", seq=2, state=RunState.DONE))
    feed.publish(Token(run="r", text="late"))
    feed.close()
    rest = [event async for event in events]
    assert [event.text if isinstance(event, Token) else event.seq for event in rest] == [
        "one two three",
        2,
        "late",
    ]


@pytest.mark.req("AGENT-16")
async def test_of_how_far_a_model_has_read_a_listener_that_falls_behind_gets_the_last_word() -> None:
    feed = Feed()
    events = feed.events()
    feed.publish(StateChanged(run="r", seq=1, state=RunState.PROCESSING))
    await anext(events)
    for processed in (1, 2, 3):
        feed.publish(ModelReading(run="r", processed=processed, total=4))
    feed.close()
    assert [event async for event in events] == [ModelReading(run="r", processed=3, total=4)]
    assert [event async for event in feed.events()] == [
        StateChanged(run="r", seq=1, state=RunState.PROCESSING)
    ]


@pytest.mark.req("AGENT-16")
async def test_a_listener_waits_until_something_happens_and_ends_with_the_feed() -> None:
    feed = Feed()
    heard = asyncio.ensure_future(_collect(feed))
    await asyncio.sleep(0)
    assert not heard.done()
    feed.publish(Token(run="r", text="hi"))
    feed.close()
    assert await heard == 1


async def _collect(feed: Feed) -> int:
    return len([event async for event in feed.events()])
