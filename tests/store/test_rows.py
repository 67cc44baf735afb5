"""What is stored comes back as it was: sessions, runs, events, messages, calls, sources, trust."""

import dataclasses
import typing
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from codelab.core.errors import NotFound, StateError
from codelab.core.events import (
    AnyEvent,
    ApprovalDecided,
    Passing,
    RunEnded,
    RunStarted,
    RunState,
    StateChanged,
    Token,
)
from codelab.core.positions import LineSpan
from codelab.store import calls, messages, runs, sessions, sources, sqlite, trust
from codelab.store.calls import CallRow
from codelab.store.state import StateDb, UserDb
from codelab_models.wire import Message, ToolCall
from tests.support.stored import a_run, store_basics


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[StateDb]:
    async with await StateDb.open(tmp_path / "state.db") as db:
        async with db.write() as tx:
            await store_basics(tx)
        yield db


@pytest.mark.req("AGENT-17")
async def test_runs_are_found_by_id_by_session_and_by_being_unfinished(db: StateDb) -> None:
    async with db.write() as tx:
        await sessions.create(tx, sessions.Session("ses-2", "t", "MCP", 2.0))
        await runs.create(tx, a_run("run-2", session="ses-2"))
        await runs.update(tx, "run-2", state=RunState.DONE, answer="yes", tokens=12, cost_usd=0.5)
    async with db.read() as rx:
        assert await runs.get(rx, "run-1") == a_run()
        done = await runs.get(rx, "run-2")
        assert (done.state, done.answer, done.tokens, done.cost_usd) == (RunState.DONE, "yes", 12, 0.5)
        assert [run.id for run in await runs.unfinished(rx)] == ["run-1"]
        assert [run.id for run in await runs.list_runs(rx)] == ["run-2", "run-1"]
        assert [run.id for run in await runs.list_runs(rx, "ses-1")] == ["run-1"]
        assert [run.id for run in await runs.list_runs(rx, limit=1)] == ["run-2"]
        assert (await sessions.get(rx, "ses-2")).client == "MCP"
        assert [s.id for s in await sessions.list_sessions(rx, 1)] == ["ses-2"]


@pytest.mark.req("AGENT-17")
async def test_what_is_not_there_is_told_and_what_is_no_column_is_a_mistake(db: StateDb) -> None:
    async with db.write() as tx:
        for missing in (
            runs.get(tx, "x"),
            runs.update(tx, "x", answer="y"),
            sessions.get(tx, "x"),
            calls.get(tx, "x"),
            calls.update(tx, "x", result="y"),
        ):
            with pytest.raises(NotFound):
                await missing
        for values in ({"nonsense": 1}, {"id": "other"}, {"answer = '' --": "x"}):
            with pytest.raises(TypeError):
                await runs.update(tx, "run-1", **values)
        with pytest.raises(sqlite.IntegrityError):
            await runs.create(tx, a_run("run-9", session="nowhere"))


def example(kind: type[AnyEvent]) -> AnyEvent:
    """Return an event with a value of each field's type that no default has."""
    hints = typing.get_type_hints(kind)
    values: dict[Any, Any] = {
        str: "text\n\u2028é😀",
        int: 3,
        bool: True,
        RunState: RunState.PAUSED,
        tuple[str, ...]: ("one", "text\n\u2028é😀"),
        tuple[LineSpan, ...]: (LineSpan("a.py", 1, 2), LineSpan("b.py", 3, 3)),
    }
    fields = [f.name for f in dataclasses.fields(kind) if f.name not in ("run", "seq")]
    return kind(run="", **{name: values[hints[name]] for name in fields})


@pytest.mark.req("AGENT-16", "AGENT-17")
async def test_every_kind_of_event_is_numbered_and_comes_back_as_it_was(db: StateDb) -> None:
    kinds = [kind for kind in typing.get_args(AnyEvent) if kind not in typing.get_args(Passing)]
    async with db.write() as tx:
        first = await runs.append_events(tx, "run-1", [example(kind) for kind in kinds])
    async with db.write() as tx:
        second = await runs.append_events(tx, "run-1", [example(StateChanged)])
        assert await runs.append_events(tx, "run-1", []) == []
    stored = [*first, *second]
    assert [event.seq for event in stored] == list(range(1, len(kinds) + 2))
    assert {event.run for event in stored} == {"run-1"}
    async with db.read() as rx:
        assert await runs.events(rx, "run-1") == stored
        assert await runs.events(rx, "run-1", after=len(kinds)) == second
    assert isinstance(stored[0], RunStarted)
    assert any(isinstance(event, RunEnded) and event.sources[0].path == "a.py" for event in stored)
    assert any(isinstance(event, ApprovalDecided) and type(event.state) is str for event in stored)


@pytest.mark.req("AGENT-16")
async def test_a_token_is_not_stored_and_nothing_with_it(db: StateDb) -> None:
    with pytest.raises(TypeError):
        async with db.write() as tx:
            await runs.append_events(tx, "run-1", [example(StateChanged), Token(run="", text="x")])
    async with db.read() as rx:
        assert await runs.events(rx, "run-1") == []


@pytest.mark.req("AGENT-17")
@pytest.mark.parametrize(
    "data", ["", "[]", "{}", '{"kind": "Unheard"}', '{"kind": "StateChanged", "state": "x"}']
)
async def test_an_event_that_makes_no_sense_is_told_in_words(db: StateDb, data: str) -> None:
    async with db.write() as tx:
        await tx.execute("INSERT INTO events VALUES ('run-1', 1, ?)", (data,))
    with pytest.raises(StateError, match="Event 1 of run-1"):
        async with db.read() as rx:
            await runs.events(rx, "run-1")


@pytest.mark.req("AGENT-17")
async def test_messages_come_back_by_run_and_by_session_in_order(db: StateDb) -> None:
    first = [
        Message("system", "be good"),
        Message("user", "héllo\0 😀"),
        Message(
            "assistant", "", (ToolCall("c1", "read_file", '{"path": "a"}'), ToolCall("c2", "x", "not json"))
        ),
        Message("tool", "text", call_id="c1"),
    ]
    async with db.write() as tx:
        await runs.create(tx, a_run("run-2"))
        for message in first:
            await messages.append(tx, "run-1", message)
        await messages.append(tx, "run-2", Message("user", "and then"))
        await messages.append(tx, "run-2", Message("assistant", "a lone \udcff surrogate"))
    async with db.read() as rx:
        assert await messages.of_run(rx, "run-1") == first
        assert [m.content for m in await messages.of_session(rx, "ses-1")][-2:] == [
            "and then",
            "a lone ? surrogate",
        ]
        assert await messages.of_session(rx, "ses-2") == []


@pytest.mark.req("AGENT-17")
async def test_text_that_sqlite_cannot_hold_is_stored_with_a_mark_in_its_place(db: StateDb) -> None:
    async with db.write() as tx:
        await runs.create(tx, a_run("run-3", task="half a \ud83d smile"))
        await runs.update(tx, "run-3", answer="é \udcff")
        stored = await runs.get(tx, "run-3")
    assert (stored.task, stored.answer) == ("half a ? smile", "é ?")


@pytest.mark.req("AGENT-17")
async def test_calls_and_sources_come_back_in_order(db: StateDb) -> None:
    async with db.write() as tx:
        await calls.create(tx, CallRow("c1", "run-1", 1, "read_file", "{}"))
        await calls.create(tx, CallRow("c2", "run-1", 2, "edit_file", "{}", approval="apr-1"))
        await calls.update(tx, "c2", state="executing", checkpoint="chk-1", prepared='{"a": 1}')
        with pytest.raises(sqlite.IntegrityError):
            await calls.update(tx, "c1", state="nonsense")
        for span in (LineSpan("b", 1, 2), LineSpan("a", 5, 9), LineSpan("b", 1, 2)):
            await sources.add(tx, "run-1", span, "hash")
    async with db.read() as rx:
        assert [call.state for call in await calls.of_run(rx, "run-1")] == ["proposed", "executing"]
        assert (await calls.get(rx, "c2")).prepared == '{"a": 1}'
        assert await sources.of_run(rx, "run-1") == [
            (LineSpan("b", 1, 2), "hash"),
            (LineSpan("a", 5, 9), "hash"),
        ]


@pytest.mark.req("SAFE-4")
async def test_only_the_very_folder_that_the_person_trusts_is_trusted(tmp_path: Path) -> None:
    root = tmp_path / "work"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to(root)
    async with await UserDb.open(tmp_path / "data" / "user.db") as db:
        async with db.write() as tx:
            assert not await trust.is_trusted(tx, root)
            await trust.trust(tx, root)
            await trust.trust(tx, root)
        async with db.read() as rx:
            assert await trust.is_trusted(rx, root)
            assert await trust.is_trusted(rx, tmp_path / "link")
            for other in (root / "sub", tmp_path, tmp_path / "work2"):
                assert not await trust.is_trusted(rx, other)
        async with db.write() as tx:
            assert await trust.distrust(tx, root)
            assert not await trust.distrust(tx, root)
            assert not await trust.is_trusted(tx, root)
