"""Ten thousand damaged answers: understood as meant, repaired without invention, or refused."""

import contextlib
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from codelab_models.calls import Grade, parse
from codelab_models.wire import Completion, Message, ToolCall
from tests.support.tools_for_calls import TOOLS

pytestmark = [pytest.mark.slow, pytest.mark.req("MODEL-3")]

VALIDATORS = {tool.name: Draft202012Validator(tool.parameters) for tool in TOOLS}
TEXTS = [
    *("src/a.py", "def f(x):\n    return {'a': [x, \"b\"]}\n", "print(\"hi\", 'there')", "", "12", "true"),
    *(
        "C:\\new\\table",
        "größer 😀",
        "}, {",
        '"], "new": "',
        "x</parameter>",
        "a, b",
        "null",
        "```json\n{}\n```",
    ),
]
Call = tuple[str, dict[str, Any]]
Parser = Callable[[str, bool], list[Call]]


def some_call(chance: random.Random) -> Call:
    """Return a call that fits its tool."""
    name = chance.choice(["read_file", "edit_file", "repo_map"])
    if name == "repo_map":
        return name, {}
    arguments: dict[str, Any] = {"path": chance.choice(TEXTS)}
    if name == "read_file":
        if chance.random() < 0.7:
            arguments["start_line"] = chance.randint(1, 2000)
        if chance.random() < 0.5:
            arguments["end_line"] = chance.choice([None, chance.randint(1, 2000)])
    else:
        pairs = [
            {"old": chance.choice(TEXTS), "new": chance.choice(TEXTS)} for _ in range(chance.randint(1, 3))
        ]
        if chance.random() < 0.5:
            pairs[0]["all"] = chance.random() < 0.5  # type: ignore[assignment]
        arguments["replacements"] = pairs
    return name, arguments


def written(call: Call, chance: random.Random) -> tuple[str, bool]:
    """Return a call in some notation, and whether it is the arguments of a native call alone."""
    name, arguments = call
    indent = chance.choice([None, None, 2])
    body = json.dumps(arguments, ensure_ascii=chance.random() < 0.5, indent=indent)
    key = chance.choice(["arguments", "parameters"])
    named = f'{{"name": "{name}", "{key}": {body}}}'
    parameters = "".join(
        f"<parameter={key}>\n{value if isinstance(value, str) else json.dumps(value)}\n</parameter>\n"
        for key, value in arguments.items()
    )
    notations = [
        body,
        body,
        f"<tool_call>\n{named}\n</tool_call>",
        f"I look.\n<tool_call>{named}</tool_call>",
        f"<tool_call>\n<function={name}>\n{parameters}</function>\n</tool_call>",
        f"First:\n```json\n{named}\n```\n",
        named,
        f"<|python_tag|>{named}<|eom_id|>",
        f"[TOOL_CALLS] [{named}]",
        f"[TOOL_CALLS]{name}[ARGS]{body}",
        f"<\uff5ctool\u2581call\u2581begin\uff5c>{name}<\uff5ctool\u2581sep\uff5c>{body}<\uff5ctool\u2581call\u2581end\uff5c>",
    ]
    number = chance.randrange(len(notations))
    return notations[number], number < 2


def _without(text: str, found: "re.Match[str] | None") -> str:
    return text if found is None else text[: found.start()] + text[found.end() :]


def damaged(text: str, chance: random.Random) -> str:
    """Return a text with one damage as models, servers and connections make it."""
    at = chance.randrange(len(text)) if text else 0
    spots = [match.start() for match in re.finditer(r'["{}\[\],:\\<>]', text)] or [at]
    spot = chance.choice(spots)
    ways: list[Callable[[], str]] = [
        lambda: text[:at],  # cut
        lambda: text[:at],
        lambda: text[:at] + text[at + 1 :],  # a character lost
        lambda: text[:spot] + text[spot + 1 :],  # a mark of punctuation lost
        lambda: text[:spot] + text[spot : spot + 1] + text[spot:],  # or doubled
        lambda: text[:at] + chance.choice("\"'{}[],:\\\n x0") + text[at:],
        lambda: text[:at] + text[at : at + 2][::-1] + text[at + 2 :],
        lambda: text.replace('"', "'"),
        lambda: text.replace('\\"', '"'),
        lambda: text.replace("\\n", "\n"),
        lambda: text.replace("}", ",}").replace("]", ",]"),
        lambda: re.sub(r'"(\w+)":', r"\1:", text),
        lambda: text.replace("true", "True").replace("false", "False").replace("null", "None"),
        lambda: re.sub(r": (\d+)", r': "\1"', text),
        lambda: text + chance.choice(["}", "]", "}}", "\nThat should do.", "</tool_call>"]),
        lambda: chance.choice(["Sure! ", "\ufeff", "```json\n", "<think>hm"]) + text,
        lambda: _without(text, re.search(r"</?\w[^<>\s]*>|```\w*|\[\w+\]", text[at:] or text)),
        lambda: text.replace('"path"', chance.choice(['"file"', '"Path"', '"path', '"path" "path"'])),
        lambda: text.replace('"', "\u201d"),
        lambda: text + text,
    ]
    return chance.choice(ways)()


def strings_in(text: str) -> set[str]:
    """Return every string that stands between delimiters, however it is escaped, also inside of others."""
    found: set[str] = set()
    for quote in ('"""', "'''", '"', "'"):
        body = re.compile(rf"{quote}((?:[^\\]|\\.)*?){quote}", re.S)
        for start in (match.start() for match in re.finditer(quote, text)):
            token = body.match(text, start)
            if token is None:
                continue
            inside = token[1].replace("\\'", "'")
            inside = re.sub(r'\\.|"', lambda part: '\\"' if part[0] == '"' else part[0], inside, flags=re.S)
            try:
                found.add(json.loads(f'"{inside}"', strict=False))
            except ValueError:
                continue
    found |= {match[1] for match in re.finditer(r"(?s)<parameter=[^>]+>\n?(.*?)\n?</parameter>", text)}
    return found | {match[2] for match in re.finditer(r"(?s)<(parameter)=[^>]+>\n?(.*)\n?</parameter>", text)}


def leaves(value: Any) -> Iterator[Any]:
    """Yield every name and plain value inside a value."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one)
            yield key
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def invented(arguments: dict[str, Any], text: str) -> list[Any]:
    """Return the values of arguments that do not stand in the text from delimiter to delimiter."""
    strings = strings_in(text)
    strings |= {one for string in strings if string[:1] in ("{", "[") for one in strings_in(string)}
    names = set(re.findall(r"[\w$-]+", text))
    numbers = {int(match[0]) for match in re.finditer(r"(?<![\w.])-?\d+(?![\w.])(?!\Z)", text)}
    missing = []
    for value in leaves(arguments):
        if isinstance(value, bool) or value is None:
            stands = bool(names & {str(value), json.dumps(value)})
        elif isinstance(value, int):
            stands = value in numbers
        else:
            stands = value in strings or (value in arguments and value in names)
        if not stands and not (isinstance(value, str) and value in names and value in ("old", "new", "all")):
            missing.append(value)
    return missing


def protocol(text: str, native: bool) -> list[Call]:
    """Understand an answer as CodeLab does; only calls without a problem are ever carried out."""
    call = (ToolCall("c", native_name.get("name", ""), text),) if native else ()
    answer = Completion(Message("assistant", "" if native else text, call), "stop", "m")
    calls = parse(answer, TOOLS, Grade.NATIVE if native else Grade.TEXT).message.calls
    known = [one for one in calls if not one.problem and one.name in VALIDATORS]
    return [(one.name, json.loads(one.arguments)) for one in known]


native_name: dict[str, str] = {}


def check_damaged(parser: Parser, *, seed: int, number: int) -> tuple[Counter[str], list[str]]:
    """Damage answers and sort what becomes of them; the second part says what must not happen."""
    chance = random.Random(seed)
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    for _ in range(number):
        call = some_call(chance)
        text, native = written(call, chance)
        native_name["name"] = call[0]
        assert parser(text, native) == [call], text
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            text = damaged(text, chance)
        understood = parser(text, native)
        outcomes["refused" if not understood else "right" if understood == [call] else "repaired"] += 1
        for name, arguments in understood:
            if (name, arguments) == call:
                continue
            if not VALIDATORS[name].is_valid(arguments):
                wrong.append(f"not valid: {arguments} from {text}")
            elif missing := invented(arguments, text):
                wrong.append(f"invented {missing}: {arguments} from {text}")
    return outcomes, wrong


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_answer_is_understood_as_meant_or_repaired_without_invention_or_refused(seed: int) -> None:
    outcomes, wrong = check_damaged(protocol, seed=seed, number=2_500)
    assert wrong == []
    assert outcomes.total() == 2_500
    assert all(outcomes[kind] > 100 for kind in ("right", "repaired", "refused")), outcomes


def closing_what_is_open(text: str) -> str:
    """Return JSON with everything that is open closed, as careless repairers do."""
    stack: list[str] = []
    inside = escaped = False
    for character in text:
        if inside:
            inside = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            inside = True
        elif character in "{[":
            stack.append("}" if character == "{" else "]")
        elif character in "}]" and stack:
            stack.pop()
    return text + ('"' if inside else "") + "".join(reversed(stack))


def careless_closer(text: str, name: str) -> Any:
    """Read arguments, supplying whatever is open at the end."""
    return json.loads(closing_what_is_open(text))


def careless_filler(text: str, name: str) -> Any:
    """Read arguments, dropping what is not known and making up what is required."""
    given = json.loads(text)
    (known,) = [tool.parameters["properties"] for tool in TOOLS if tool.name == name]
    return {"path": "README.md", **{key: value for key, value in given.items() if key in known}}


@pytest.mark.parametrize("careless", [careless_closer, careless_filler])
def test_a_careless_repairer_is_caught(careless: Callable[[str, str], Any]) -> None:
    def parser(text: str, native: bool) -> list[Call]:
        name = native_name["name"]
        if native and name != "repo_map":
            with contextlib.suppress(ValueError, AttributeError):
                given = careless(text, name)
                if VALIDATORS[name].is_valid(given):
                    return [(name, given)]
        return protocol(text, native)

    assert check_damaged(parser, seed=0, number=2_000)[1] != []
