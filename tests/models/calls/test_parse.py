"""An answer with its calls, for each grade of model."""

import json
from collections.abc import Mapping

import pytest

from codelab_models.calls import Grade, parse
from codelab_models.wire import Completion, Message, ToolCall
from tests.support.tools_for_calls import TOOLS

pytestmark = pytest.mark.req("MODEL-3", "AGENT-3")

TAGGED = '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.py"}}\n</tool_call>'


def answer(content: str, *calls: ToolCall, finish: str = "stop") -> Completion:
    return Completion(Message("assistant", content, calls), finish, "scripted")


def check_calls(understood: Completion, *expected: tuple[str, Mapping[str, object]]) -> None:
    calls = understood.message.calls
    assert [(call.name, json.loads(call.arguments), call.problem) for call in calls] == [
        (name, arguments, "") for name, arguments in expected
    ]
    assert understood.finish_reason == ("tool_calls" if expected else "stop")


def test_native_calls_that_are_right_stay_as_they_are() -> None:
    call = ToolCall("c1", "read_file", '{"path":  "a.py"}')
    given = answer("Reading.", call, finish="tool_calls")
    assert parse(given, TOOLS, Grade.NATIVE) == given


def test_native_calls_are_repaired_and_say_how() -> None:
    call = ToolCall("c1", "functions.read_file", "{'path': 'a.py', 'start_line': '3',}")
    understood = parse(answer("", call), TOOLS, Grade.NATIVE)
    check_calls(understood, ("read_file", {"path": "a.py", "start_line": 3}))
    assert understood.extra["repairs"] == ("single quotes", "trailing commas", "types")


def test_a_native_call_with_broken_arguments_says_why_and_keeps_them() -> None:
    (call,) = parse(answer("", ToolCall("c1", "read_file", '{"path": "a')), TOOLS, Grade.NATIVE).message.calls
    assert "a string does not end" in call.problem
    assert call.arguments == '{"path": "a'


def test_a_call_cut_by_the_length_limit_is_refused_with_that_reason_even_if_braces_alone_are_missing() -> (
    None
):
    call = ToolCall("c1", "read_file", '{"path": "a.py"')
    assert not parse(answer("", call), TOOLS, Grade.NATIVE).message.calls[0].problem
    (cut,) = parse(answer("", call, finish="length"), TOOLS, Grade.NATIVE).message.calls
    assert "length limit" in cut.problem


def test_a_name_that_no_server_would_take_back_is_made_harmless() -> None:
    names = [
        parse(answer("", ToolCall("c", name, "{}")), TOOLS, Grade.NATIVE).message.calls[0].name
        for name in ("", "rm -rf /", "x" * 200, "löschen")
    ]
    assert names == ["unreadable", "rm_-rf", "x" * 64, "l_schen"]


def test_calls_that_a_server_left_in_the_text_of_a_native_model_are_found_at_its_end() -> None:
    understood = parse(answer(f"I read it.\n{TAGGED}\n{TAGGED}"), TOOLS, Grade.NATIVE)
    check_calls(understood, *[("read_file", {"path": "a.py"})] * 2)
    assert understood.message.content == "I read it."


@pytest.mark.parametrize(
    "text",
    [
        f"The model writes\n{TAGGED}\nwhen it wants to read.",
        f"An example:\n```xml\n{TAGGED}",
        '```json\n{"name": "read_file", "arguments": {"path": "a.py"}}\n```',
    ],
)
def test_what_a_native_model_only_quotes_is_no_call(text: str) -> None:
    understood = parse(answer(text), TOOLS, Grade.NATIVE)
    check_calls(understood)
    assert understood.message.content == text


def test_text_with_thoughts_prose_and_calls_is_taken_apart() -> None:
    calls = f"{TAGGED}\n<tool_call>{{'name': 'repo_map'}}</tool_call>"
    text = f"<think>Maybe {TAGGED}?</think>\nFirst the file.\n{calls}"
    understood = parse(answer(text), TOOLS, Grade.TEXT)
    check_calls(understood, ("read_file", {"path": "a.py"}), ("repo_map", {}))
    assert understood.message.content == "First the file."
    assert understood.extra["reasoning"] == f"Maybe {TAGGED}?"


def test_a_fence_around_tagged_calls_does_not_stay_behind() -> None:
    understood = parse(answer(f"So:\n```xml\n{TAGGED}\n```\n"), TOOLS, Grade.TEXT)
    check_calls(understood, ("read_file", {"path": "a.py"}))
    assert understood.message.content == "So:"


def test_an_answer_under_a_schema_holds_thoughts_calls_and_answer() -> None:
    call = {"name": "read_file", "arguments": {"path": "a.py"}}
    acting = json.dumps({"thinking": "The file first.", "calls": [call], "answer": ""})
    understood = parse(answer(acting), TOOLS, Grade.SCHEMA)
    check_calls(understood, ("read_file", {"path": "a.py"}))
    assert understood.message.content == "The file first."
    done = json.dumps({"thinking": "Enough.", "calls": [], "answer": "It is `a.py:1-2`."})
    understood = parse(answer(done), TOOLS, Grade.SCHEMA)
    check_calls(understood)
    assert understood.message.content == "It is `a.py:1-2`."


def test_where_the_server_ignores_the_schema_prose_is_the_answer_and_half_an_object_is_refused() -> None:
    assert parse(answer("It is in a.py."), TOOLS, Grade.SCHEMA).message.content == "It is in a.py."
    half = '{"thinking": "x", "calls": [{"name": "read_file", "arguments": {"path": "a'
    (call,) = parse(answer(half), TOOLS, Grade.SCHEMA).message.calls
    assert call.name == "read_file"
    assert "the answer is no JSON: a string does not end" in call.problem


def test_an_answer_under_a_schema_is_taken_apart_also_when_no_tool_is_left() -> None:
    done = json.dumps({"thinking": "Enough.", "calls": [], "answer": "It is here."})
    assert parse(answer(done), (), Grade.SCHEMA).message == Message("assistant", "It is here.")


def test_without_tools_nothing_is_looked_for() -> None:
    assert parse(answer(TAGGED), (), Grade.TEXT).message == Message("assistant", TAGGED)
