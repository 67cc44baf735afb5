"""Fitting a conversation into the room that a model has."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codelab.agents.room import AFTERWARDS, DROPPED, EMPTIED, SHORTENED, Window, fitted
from codelab_models.tokens import tokens_of_message
from codelab_models.wire import Message, ToolCall

pytestmark = pytest.mark.req("AGENT-3", "MODEL-7", "AGENT-4")

SYSTEM = Message("system", "You are an agent.")
TASK = Message("user", "the task")


def step(number: int, sizes: list[int], prose: int = 3) -> list[Message]:
    """Return an answer with calls and their results of so many characters."""
    calls = tuple(ToolCall(f"c{number}-{at}", "read_file", '{"path": "a"}') for at in range(len(sizes)))
    results = [Message("tool", "r" * size, call_id=calls[at].id) for at, size in enumerate(sizes)]
    return [Message("assistant", "p" * prose, calls), *results]


def tokens(messages: list[Message]) -> int:
    return sum(map(tokens_of_message, messages))


def check_whole(told: list[Message]) -> None:
    """Check that every call is followed by its result, and every result follows its call."""
    open_calls: list[str] = []
    for message in told:
        if message.role == "tool":
            assert open_calls.pop(0) == message.call_id
        else:
            assert open_calls == []
            open_calls = [call.id for call in message.calls]
    assert open_calls == []


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    earlier = draw(st.lists(st.integers(0, 2000), max_size=4))
    said = [SYSTEM]
    for size in earlier:
        said += [Message("user", "q"), Message("assistant", "a" * size)]
    said.append(TASK)
    for number, sizes in enumerate(draw(st.lists(st.lists(st.integers(0, 3000), max_size=4), max_size=12))):
        said += step(number, sizes, draw(st.integers(0, 500)))
    if draw(st.booleans()):
        said.append(Message("system", "The limit is reached."))
    return said


@given(conversations(), st.integers(1, 6000))
@settings(max_examples=300, deadline=None)
def test_no_call_is_ever_parted_from_its_result_and_the_task_stays(said: list[Message], room: int) -> None:
    told, window = fitted(said, Window(), room)
    check_whole(told)
    assert told[0] == SYSTEM
    assert any(message.content.startswith(TASK.content) for message in told)
    assert {message.role for message in told[-1:]} == {message.role for message in said[-1:]}
    assert tokens(told) <= tokens(said) + tokens([Message("user", DROPPED)])
    if tokens(said) <= room:
        assert (told, window) == (said, Window())


@given(conversations(), st.integers(500, 6000))
@settings(max_examples=150, deadline=None)
def test_as_long_as_there_is_room_each_request_begins_with_the_one_before(
    said: list[Message], room: int
) -> None:
    first = said.index(TASK) + 1
    ends = [at for at in range(first, len(said) + 1) if at == len(said) or said[at].role != "tool"]
    window, before = Window(), list[Message]()
    for end in ends:
        told, wider = fitted(said[:end], window, room)
        if wider == window and not any(SHORTENED in message.content for message in (*before, *told)):
            assert told[: len(before)] == before
        window, before = wider, told


def test_old_results_go_first_then_whole_steps_and_the_last_step_stays() -> None:
    said = [SYSTEM, TASK, *step(0, [4000]), *step(1, [4000]), *step(2, [4000])]
    told, window = fitted(said, Window(), 2500)
    assert window == Window(emptied=2)
    assert [message.content for message in told if message.role == "tool"] == [EMPTIED, EMPTIED, "r" * 4000]
    said = [SYSTEM, TASK, *(one for number in range(40) for one in step(number, [40], 200)), *step(99, [40])]
    told, window = fitted(said, Window(), 600)
    assert window.dropped > 10
    assert told[1].content == f"the task\n\n{DROPPED}"
    assert told[-2:] == said[-2:]
    assert tokens(told) <= 600 * AFTERWARDS


def test_earlier_questions_go_before_the_steps_of_this_run() -> None:
    said = [
        SYSTEM,
        Message("user", "q"),
        Message("assistant", "a" * 4000),
        TASK,
        *step(0, [10]),
        *step(1, [10]),
    ]
    told, window = fitted(said, Window(), 500)
    assert window.dropped == 1
    assert told == [SYSTEM, TASK, *said[4:]]


def test_a_last_step_too_large_by_itself_is_shortened() -> None:
    said = [SYSTEM, TASK, *step(0, [40_000, 40_000, 8])]
    told, _ = fitted(said, Window(), 2000)
    assert tokens(told) <= 2000
    check_whole(told)
    assert told[-1] == said[-1]


def test_what_was_left_out_stays_out() -> None:
    said = [SYSTEM, TASK, *step(0, [4000]), *step(1, [4000])]
    told, window = fitted(said, Window(emptied=1), 100_000)
    assert window == Window(emptied=1)
    assert told[3].content == EMPTIED
