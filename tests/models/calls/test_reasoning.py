"""The three ways from reasoning to a call, and thoughts that stand in the text."""

import json

import pytest

from codelab.core.errors import ModelError
from codelab_models.calls import Grade, Manner, ask, parse
from codelab_models.calls.reasoning import GO_ON, REASON
from codelab_models.calls.schemas import problems_of
from codelab_models.client import EndpointModel
from codelab_models.wire import ChatRequest, Completion, Message, Part, PromptRead, TextDelta
from tests.support.model_server import ScriptedModel, When, scripted_model
from tests.support.slow_reading import half_read
from tests.support.tools_for_calls import TOOLS

pytestmark = pytest.mark.req("AGENT-3", "MODEL-3", "MODEL-7")

FORM = {
    "known": "The person asks where x is set.",
    "missing": "The lines of a.py.",
    "remaining_steps": ["read a.py", "answer"],
    "next": "Read a.py, since it is named.",
}
REQUEST = ChatRequest((Message("user", "hello"),), TOOLS)
FIRST = Manner(reason_first=True)


async def parts_of(server: ScriptedModel, grade: Grade = Grade.NATIVE) -> list[Part]:
    return [part async for part in ask(EndpointModel(server.base_url, "m"), REQUEST, grade, FIRST)]


async def answer_of(*rules: When, grade: Grade = Grade.NATIVE) -> tuple[Completion, ScriptedModel]:
    with scripted_model(rules) as server:
        *_, last = await parts_of(server, grade)
    assert isinstance(last, Completion)
    return last, server


async def test_the_form_is_asked_for_first_and_stands_before_the_model_when_it_acts() -> None:
    answer, server = await answer_of(
        When("hello").call("reason", FORM, id="r1").usage(10, 20),
        When(role="tool").call("read_file", {"path": "a.py"}).usage(40, 5),
    )
    first, second = (request.body for request in server.requests)
    assert [tool["function"]["name"] for tool in first["tools"]] == ["reason"]
    assert first["tool_choice"] == {"type": "function", "function": {"name": "reason"}}
    assert [tool["function"]["name"] for tool in second["tools"]] == [tool.name for tool in TOOLS]
    assert "tool_choice" not in second
    assert second["messages"][:-2] == first["messages"]
    formed, answered = second["messages"][-2:]
    assert json.loads(formed["tool_calls"][0]["function"]["arguments"]) == FORM
    assert (answered["tool_call_id"], answered["content"]) == ("r1", GO_ON)
    assert [call.name for call in answer.message.calls] == ["read_file"]
    assert answer.message.content == FORM["next"]
    assert (answer.tokens_in, answer.tokens_out, answer.extra["reasoned_tokens_in"]) == (50, 25, 10)
    assert json.loads(answer.extra["reasoning"]) == FORM


async def test_an_answer_in_words_stays_as_the_model_wrote_it() -> None:
    answer, _ = await answer_of(When("hello").call("reason", FORM), When(role="tool").say("It is here."))
    assert answer.message == Message("assistant", "It is here.")


@pytest.mark.parametrize(
    "instead",
    [
        When("hello", times=1).say("I would rather talk."),
        When("hello", times=1).call("reason", {**FORM, "remaining_steps": 7}),
        When("hello", times=1).call("read_file", {"path": "a.py"}),
        When("hello", times=1).status(400, "tool_choice is not supported by this model"),
    ],
)
async def test_a_model_that_fills_in_no_form_is_asked_without(instead: When) -> None:
    answer, server = await answer_of(instead, When("hello").say("It is here."))
    assert answer.message.content == "It is here."
    assert len(server.requests) == 2
    assert len(server.requests[1].body["messages"]) == 1


async def test_a_server_that_fails_fails_the_question() -> None:
    with scripted_model([When().status(401, "bad key")]) as server:
        with pytest.raises(ModelError, match="does not accept the key"):
            await parts_of(server)
        assert len(server.requests) == 1


async def test_how_far_the_model_has_read_is_told_of_both_questions() -> None:
    stream = half_read("no form")
    with scripted_model([When().raw(stream)]) as server:
        parts = await parts_of(server)
    half = PromptRead(4000, 8000)
    assert parts[:3] == [half, half, TextDelta("no form")]


@pytest.mark.parametrize("grade", [Grade.SCHEMA, Grade.TEXT])
async def test_models_without_native_calls_reason_in_their_answer_instead(grade: Grade) -> None:
    said = json.dumps({"thinking": "Hm.", "calls": [], "answer": "It is here."})
    text = said if grade is Grade.SCHEMA else "It is here."
    answer, server = await answer_of(When("hello").say(text), grade=grade)
    assert answer.message.content == "It is here."
    assert len(server.requests) == 1


def test_the_form_is_held_to_its_schema() -> None:
    assert problems_of(REASON.parameters, FORM) == []
    assert problems_of(REASON.parameters, {**FORM, "remaining_steps": []})


@pytest.mark.parametrize("grade", [Grade.NATIVE, Grade.TEXT])
@pytest.mark.parametrize(
    ("text", "reason", "thought", "said"),
    [
        ("<think>Hm.</think>\n\nHere.", "stop", "Hm.", "Here."),
        ("[THINK]Hm.[/THINK]Here.", "stop", "Hm.", "Here."),
        ("Hm, well.\n</think>\n\nHere.", "stop", "Hm, well.", "Here."),
        ("<think>Hm, and then", "length", "Hm, and then", ""),
        ("<think> begins a thought.", "stop", None, "<think> begins a thought."),
        ("Models end it with `</think>`.", "stop", None, "Models end it with `</think>`."),
        ("It looks for </think> and drops it.", "stop", None, "It looks for </think> and drops it."),
        ("So:\n```\n</think>\n```\n", "stop", None, "So:\n```\n</think>\n```\n"),
    ],
)
def test_thoughts_are_told_from_answers(
    grade: Grade, text: str, reason: str, thought: str | None, said: str
) -> None:
    answer = parse(Completion(Message("assistant", text), reason, "m"), TOOLS, grade)
    assert answer.extra.get("reasoning") == thought
    assert answer.message.content == said
