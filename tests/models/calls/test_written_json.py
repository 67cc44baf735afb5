"""Reading JSON as models write it."""

import json

import pytest

from codelab_models.calls.written_json import Unreadable, read_json

pytestmark = pytest.mark.req("MODEL-3")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            '{"path": "a.py", "n": [1, -2.5, 3e2, true, null]}',
            {"path": "a.py", "n": [1, -2.5, 300.0, True, None]},
        ),
        ("{'path': 'it\\'s \"a\".py'}", {"path": 'it\'s "a".py'}),
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ("{path: 'a', \"ok\": True, 'n': None}", {"path": "a", "ok": True, "n": None}),
        ('{"new": "one\ntwo\tthree"}', {"new": "one\ntwo\tthree"}),
        ('{"new": """say "hi"\nand go"""}', {"new": 'say "hi"\nand go'}),
        ('{"a": {"b": "c"', {"a": {"b": "c"}}),
        ('{"a": {"b": true', {"a": {"b": True}}),
        ('{"e": "\\u00e9\\ud83d\\ude00"}', {"e": "é😀"}),
    ],
)
def test_small_mistakes_are_forgiven(text: str, value: object) -> None:
    assert read_json(text).value == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"path": "a.p', "a string does not end at character 10"),
        ('{"path": \'a.p', "a string does not end"),
        ('{"n": 12', "the text ends where a comma or } is missing"),
        ('{"a": [1, 2', "the text ends where a comma or ] is missing"),
        ('{"a": [{"b": "c"', "the text ends"),
        ('{"a": "b",', "a name in quotes is missing"),
        ('{"a":', "the text ends where a value should stand"),
        ('{"a": "say "hi" now"}', "a comma or } is missing at character 13, near `"),
        ("{'a': 'it's'}", "a comma or } is missing"),
        ('{"a": "x" "b": "y"}', "a comma or } is missing"),
        ('{"a" "b"}', "a colon is missing after the name 'a'"),
        ('{"a": 1, "a": 2}', "the name 'a' stands twice"),
        ('{"a": "\\d"}', "a backslash in a string must be written twice"),
        ('{"a": "\\ud800"}', "half a character"),
        ('{"a": hello}', "a value is missing"),
        ('{"a": NaN}', "a value is missing"),
        ('{"a": 1.2.3}', "a value is missing"),
        ('{"a": 1e999}', "too large"),
        (f'{{"a": {"9" * 400}}}', "too long"),
        ("[" * 1000, "nested too deep"),
        ("", "the text ends"),
    ],
)
def test_what_cannot_be_read_without_guessing_is_refused_with_the_place(text: str, told: str) -> None:
    with pytest.raises(Unreadable) as error:
        read_json(text)
    assert told in str(error.value)


def test_closing_braces_are_only_supplied_where_the_text_is_known_to_be_complete() -> None:
    text = '{"a": {"b": "c"}'
    assert read_json(text).value == {"a": {"b": "c"}}
    assert read_json(text).repairs == ("closing braces",)
    with pytest.raises(Unreadable, match="the text ends"):
        read_json(text, complete=False)


def test_plain_json_reads_as_it_always_does_and_needs_no_repair() -> None:
    value = {"a": [[], {}, "", 0, -1, 0.5, {"b": [None, False]}], "ü": '\\ " / \b \n \u2028'}
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=2)):
        read = read_json(text)
        assert (read.value, read.end, read.repairs) == (value, len(text), ())
