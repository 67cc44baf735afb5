"""One question to a model of each grade, over HTTP."""

import json

import pytest

from codelab_models.calls import Grade, ask
from codelab_models.client import EndpointModel
from codelab_models.wire import ChatRequest, Completion, Message, TextDelta
from tests.support.model_server import When, scripted_model
from tests.support.tools_for_calls import TOOLS

pytestmark = pytest.mark.req("MODEL-3", "AGENT-3")

TAGGED = '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.py"}}\n</tool_call>'


async def shown_and_answer(text: str, grade: Grade, pieces: int) -> tuple[str, Completion]:
    with scripted_model([When("hello").say(text, pieces=pieces)]) as server:
        model = EndpointModel(server.base_url, "scripted")
        request = ChatRequest((Message("user", "hello"),), TOOLS)
        parts = [part async for part in ask(model, request, grade)]
    *texts, last = parts
    assert isinstance(last, Completion)
    return "".join(part.text for part in texts if isinstance(part, TextDelta)), last


@pytest.mark.parametrize("pieces", [1, 7, 1000])
@pytest.mark.parametrize("grade", [Grade.NATIVE, Grade.TEXT])
async def test_prose_is_shown_as_it_comes_and_the_notation_of_calls_never(grade: Grade, pieces: int) -> None:
    shown, answer = await shown_and_answer(f"I look at a[0] < b first.\n{TAGGED}", grade, pieces)
    assert shown.strip() == answer.message.content == "I look at a[0] < b first."
    assert [call.name for call in answer.message.calls] == ["read_file"]


@pytest.mark.parametrize("pieces", [1, 9, 1000])
@pytest.mark.parametrize("grade", [Grade.NATIVE, Grade.TEXT])
@pytest.mark.parametrize(
    "text",
    [
        "See `a.py`:\n\n```python\nx = [1]\n```\n\nand\n\n```json\n{}\n```\nThat is all <b>.",
        "It begins with <tool_call> and goes on.",
        "[1] is the first, {2} the second",
    ],
)
async def test_an_answer_without_calls_is_shown_to_its_end(text: str, grade: Grade, pieces: int) -> None:
    shown, answer = await shown_and_answer(text, grade, pieces)
    assert not [call for call in answer.message.calls if not call.problem]
    if not answer.message.calls:
        assert shown == answer.message.content == text


async def test_thoughts_are_not_shown() -> None:
    shown, answer = await shown_and_answer("<think>Hm.</think>\n\nIt is here.", Grade.TEXT, 12)
    assert shown == answer.message.content == "It is here."


async def test_of_an_answer_under_a_schema_the_answer_alone_is_shown() -> None:
    text = json.dumps({"thinking": "Hm.", "calls": [], "answer": "It is here."})
    shown, answer = await shown_and_answer(text, Grade.SCHEMA, 5)
    assert shown == answer.message.content == "It is here."
