"""Scenarios as files: TOML for people, JSON for programs."""

import json
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from tests.support.model_server.scenario import Step, When

TEXT, NUMBER, WHOLE_NUMBER, YES = (str,), (int, float), (int,), (bool,)
Kinds = tuple[type, ...]

VERBS: dict[str, dict[str, Kinds]] = {
    "say": {"say": TEXT, "pieces": WHOLE_NUMBER, "delay": NUMBER},
    "call": {"call": TEXT, "arguments": (dict, str), "pieces": WHOLE_NUMBER, "id": TEXT},
    "stall": {"stall": YES},
    "cut": {"cut": YES},
    "garbage": {"garbage": YES},
    "raw": {"raw": TEXT, "type": TEXT, "length": WHOLE_NUMBER},
    "status": {"status": WHOLE_NUMBER, "message": TEXT, "code": TEXT, "retry_after": (str, int)},
    "never_ends": {"never_ends": TEXT},
    "endless_line": {"endless_line": YES},
    "finish": {"finish": TEXT},
    "usage": {"usage": (list,)},
    "whole": {"whole": YES},
}
"""What a step may be, with the types of what belongs to it."""

_WHEN: dict[str, Kinds] = {
    "text": TEXT,
    "matches": TEXT,
    "role": TEXT,
    "nth": WHOLE_NUMBER,
    "times": WHOLE_NUMBER,
}


class ScenarioError(ValueError):
    """A scenario that does not say what it means; names the file and the rule."""


def load_scenario(path: Path) -> list[When]:
    """Read a scenario: a list called ``rules``, each with ``when`` and ``then``.

    The keys of ``when`` are the attributes of ``When``; each step of ``then`` has one of ``VERBS``, and
    beside it the arguments of the method of ``When`` with that name.

    Args:
        path: A file ending in ``.toml`` or ``.json``.

    Raises:
        ScenarioError: It cannot be read, or something in it is not known.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise ScenarioError(f"{path}: {error}") from None
    return read_scenario(data, str(path))


def read_scenario(data: Any, where: str) -> list[When]:
    """Return the rules of a scenario as it was read from a file; see ``load_scenario``."""
    rules = data.get("rules") if isinstance(data, dict) else None
    if not isinstance(rules, list) or not rules:
        raise ScenarioError(f"{where}: it needs a list called rules")
    return [_rule(rule, f"{where}: rule {number}") for number, rule in enumerate(rules, 1)]


def _rule(rule: Any, where: str) -> When:
    if not isinstance(rule, dict) or not set(rule) <= {"when", "then"}:
        raise ScenarioError(f"{where}: a rule has `when` and `then`, nothing else")
    when = rule.get("when", {})
    _check(when, _WHEN, f"{where}: when")
    steps = rule.get("then")
    if not isinstance(steps, list) or not steps:
        raise ScenarioError(f"{where}: `then` must be a list of steps")
    read = tuple(_step(step, f"{where}: step {number}") for number, step in enumerate(steps, 1))
    return When(**when, steps=read)


def _step(step: Any, where: str) -> Step:
    verbs = [name for name in VERBS if isinstance(step, dict) and name in step]
    if len(verbs) != 1:
        found = f"it has {' and '.join(verbs)}" if verbs else f"it has none of {', '.join(VERBS)}"
        raise ScenarioError(f"{where}: a step does one thing; {found}")
    _check(step, VERBS[verbs[0]], where)
    if verbs == ["garbage"]:
        return When().garbage().steps[0]
    if verbs == ["status"]:
        return {"message": f"scripted {step['status']}", **step}
    return dict(step)


def _check(given: Any, known: dict[str, Kinds], where: str) -> None:
    if not isinstance(given, dict):
        raise ScenarioError(f"{where}: it must be a table")
    for key, value in given.items():
        if key not in known:
            raise ScenarioError(f"{where}: {key!r} is not known; there are {', '.join(known)}")
        wanted = known[key]
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            names = " or ".join(kind.__name__ for kind in wanted)
            raise ScenarioError(f"{where}: {key} must be {names}")


assert set(_WHEN) == {one.name for one in fields(When)} - {"steps"}, "a condition without a type"
