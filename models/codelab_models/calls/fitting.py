"""Brings arguments into the types that a schema asks for, without changing what they say.

Models write ``"5"`` for 5, JSON inside a string for a list, one thing for a list of one, and null for what
they leave out. The same holds for dialects whose arguments are all text.
"""

from typing import Any

from codelab_models.calls.schemas import branches
from codelab_models.calls.written_json import Unreadable, read_json


def fitted(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> Any:
    """Return a value as a schema wants it, or as it is where no way is known; it may still not fit.

    Args:
        schema: Of this value.
        value: What the model wrote.
        root: The whole schema, in which references are looked up.
    """
    options = list(branches(schema, root))
    types = {kind for option in options for kind in _types(option)}
    if isinstance(value, str) and types and "string" not in types:
        value = _from_text(value, types)
    if isinstance(value, dict):
        if "array" in types and "object" not in types:
            value = [value]
        else:
            return _fitted_object(options, value, root)
    if isinstance(value, list):
        items: dict[str, Any] = next(
            (option["items"] for option in options if isinstance(option.get("items"), dict)), {}
        )
        return [fitted(items, one, root) for one in value]
    if isinstance(value, str) and "array" in types and not types & {"string", "object"}:
        return [value]
    return value


def _fitted_object(options: list[dict[str, Any]], value: dict[str, Any], root: dict[str, Any]) -> Any:
    option = next((one for one in options if isinstance(one.get("properties"), dict)), {})
    properties = option.get("properties", {})
    made = {}
    for name, one in value.items():
        known = properties.get(name)
        if one is None and isinstance(known, dict) and _left_out(name, known, option, root):
            continue
        made[name] = fitted(known, one, root) if isinstance(known, dict) else one
    return made


def _left_out(name: str, schema: dict[str, Any], option: dict[str, Any], root: dict[str, Any]) -> bool:
    """Tell whether null stands for an argument that may be left out and may not be null."""
    allowed = {kind for one in branches(schema, root) for kind in _types(one)}
    return name not in option.get("required", ()) and bool(allowed) and "null" not in allowed


def _from_text(text: str, types: set[str]) -> Any:
    try:
        read = read_json(text, complete=False)
    except Unreadable:
        return text
    if text[read.end :].strip() or isinstance(read.value, str) or not _is_one_of(read.value, types):
        return text
    return read.value


def _is_one_of(value: Any, types: set[str]) -> bool:
    kinds: dict[str, bool] = {
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "array": isinstance(value, list | dict),
        "object": isinstance(value, dict),
        "null": value is None,
    }
    return any(kinds.get(kind, False) for kind in types)


def _types(schema: dict[str, Any]) -> list[str]:
    kind = schema.get("type")
    if isinstance(kind, str):
        return [kind]
    return [one for one in kind if isinstance(one, str)] if isinstance(kind, list) else []
