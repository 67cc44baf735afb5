"""Arguments against the JSON schema of their tool."""

import pytest

from codelab_models.calls import validate
from codelab_models.wire import ToolSpec
from tests.support.network import attempts_expected
from tests.support.tools_for_calls import EDIT, MAP, READ

pytestmark = pytest.mark.req("MODEL-3", "TOOL-1")


@pytest.mark.parametrize(
    ("tool", "written", "arguments"),
    [
        (READ, '{"path": "a.py", "end_line": null}', {"path": "a.py", "end_line": None}),
        (READ, '{"path": "a.py", "start_line": "12"}', {"path": "a.py", "start_line": 12}),
        (READ, '{"path": "12", "start_line": null}', {"path": "12"}),
        (READ, '"{\\"path\\": \\"a.py\\"}"', {"path": "a.py"}),
        (READ, '{"path": "a.py"}}', {"path": "a.py"}),
        (MAP, "", {}),
        (
            EDIT,
            '{"path": "a", "replacements": {"old": "x", "new": "y", "all": "true"}}',
            {"path": "a", "replacements": [{"old": "x", "new": "y", "all": True}]},
        ),
        (
            EDIT,
            '{"path": "a", "replacements": "[{\\"old\\": \\"x\\", \\"new\\": \\"1\\"}]"}',
            {"path": "a", "replacements": [{"old": "x", "new": "1"}]},
        ),
    ],
)
def test_arguments_are_brought_into_the_types_of_the_schema(
    tool: ToolSpec, written: str, arguments: object
) -> None:
    checked = validate(tool, written)
    assert checked.problem == ""
    assert checked.arguments == arguments


@pytest.mark.parametrize(
    ("tool", "written", "told"),
    [
        (READ, '{"file": "a.py"}', "'path' is a required property"),
        (READ, '{"path": "a.py", "lines": 3}', "'lines' was unexpected"),
        (READ, '{"path": "a.py", "start_line": "three"}', "start_line: must be integer"),
        (READ, '{"path": "a.py", "start_line": 0}', "start_line: 0 is less than the minimum of 1"),
        (READ, '{"path": "a.py", "end_line": "x"}', "end_line: must be integer or must be null"),
        (READ, '{"path": ["a.py"]}', "path: must be string"),
        (READ, '["a.py"]', "must be one JSON object"),
        (READ, "a.py", "its arguments are no JSON"),
        (READ, '{"path": "a.py"} and so on', "something stands behind the arguments"),
        (
            EDIT,
            '{"path": "a", "replacements": [{"old": "x"}]}',
            "replacements.0: 'new' is a required property",
        ),
        (EDIT, '{"path": "a", "replacements": [1]}', "replacements.0: must be object"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_what_is_wrong(
    tool: ToolSpec, written: str, told: str
) -> None:
    checked = validate(tool, written)
    assert told in checked.problem
    assert checked.arguments == {}


def test_a_refusal_names_the_arguments_that_there_are() -> None:
    problem = validate(READ, {"file": "x" * 100_000}).problem
    assert "Arguments of read_file: path (required), start_line, end_line" in problem
    assert len(problem) < 1000


def test_a_schema_that_refers_elsewhere_is_not_fetched() -> None:
    tool = ToolSpec("t", "", {"$ref": "http://schemas.example/x.json"})
    with attempts_expected() as attempts:
        assert "schema is broken" in validate(tool, {}).problem
    assert not attempts
