"""What a JSON schema says about a value, in words that a model can act on."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

MOST_PROBLEMS = 5
_MOST_CHARACTERS = 200  # of one problem; the value that it quotes may be a whole file


def problems_of(schema: dict[str, Any], value: object) -> list[str]:
    """Return what is wrong with a value, the first few problems; nothing if it fits.

    References out of the schema are not followed: no schema makes CodeLab ask the network.

    Args:
        schema: A JSON schema, of draft 2020-12 if it does not say.
        value: Of the types that ``json.loads`` returns.
    """
    from referencing.exceptions import Unresolvable

    try:
        found = _validator(json.dumps(schema, sort_keys=True)).iter_errors(value)
        return [_told(error) for error, _ in zip(found, range(MOST_PROBLEMS), strict=False)]
    except Unresolvable as error:
        return [f"the tool's own schema is broken: {str(error)[:_MOST_CHARACTERS]}"]


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    from jsonschema.validators import validator_for
    from referencing import Registry

    loaded = json.loads(schema)
    kind = validator_for(loaded)
    return kind(loaded, registry=Registry())


def _told(error: Any) -> str:
    where = ".".join(str(part) for part in error.absolute_path) or "arguments"
    if error.validator in ("anyOf", "oneOf") and error.context:
        what = " or ".join(dict.fromkeys(_message(one) for one in error.context))
    else:
        what = _message(error)
    return f"{where}: {_short(what)}"


def _message(error: Any) -> str:
    if error.validator == "type":
        wanted = error.validator_value
        return f"must be {wanted if isinstance(wanted, str) else ' or '.join(wanted)}"
    return _short(str(error.message))


def _short(text: str) -> str:
    half = _MOST_CHARACTERS // 2
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:half]} ... {text[-half:]}"


def branches(schema: dict[str, Any], root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schemas that a value may fit: through references inside the schema and ``anyOf``."""
    seen: list[str] = []
    waiting = [schema]
    while waiting:
        one = waiting.pop(0)
        reference = one.get("$ref")
        if isinstance(reference, str):
            if reference not in seen:
                seen.append(reference)
                waiting.append(_resolved(reference, root))
            continue
        options = one.get("anyOf") or one.get("oneOf")
        if isinstance(options, list):
            waiting.extend(option for option in options if isinstance(option, dict))
        else:
            yield one


def _resolved(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    at: Any = root
    for part in reference.removeprefix("#").split("/")[1:]:
        at = at.get(part) if isinstance(at, dict) else None
    return at if isinstance(at, dict) else {}
