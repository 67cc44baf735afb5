"""The arguments of commands: one object by name, or values by position."""

import dataclasses
import typing
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from codelab.core.positions import LineSpan
from codelab.lsp.face import LspFace
from codelab.workbench.types import Focus

Shape = TypeVar("Shape")

_WORDS = {str: "text", int: "a whole number", bool: "true or false", tuple: "a list of texts"}


def read_arguments(params: types.ExecuteCommandParams, shape: type[Shape]) -> Shape:
    """Return a command's arguments.

    Args:
        params: The request.
        shape: A dataclass whose fields are ``str``, ``int``, ``bool`` or ``tuple[str, ...]``, in the order in
            which they are given by position.

    Returns:
        The arguments in their shape.

    Raises:
        JsonRpcInvalidParams: One is unknown, missing, too many, or of another type; says which.
    """
    given = list(params.arguments or ())
    fields = dataclasses.fields(shape)  # type: ignore[arg-type]  # a dataclass, says the contract
    names = [field.name for field in fields]
    named = given[0] if len(given) == 1 else None
    by_name = isinstance(named, dict)
    if not by_name and len(given) > len(names):
        raise _wrong(params, f"takes at most {len(names)} arguments: {', '.join(names)}")
    values: dict[str, Any] = dict(named or {}) if by_name else dict(zip(names, given, strict=False))
    if unknown := sorted(set(values) - set(names)):
        raise _wrong(params, f"has no argument {unknown[0]!r}; it takes {', '.join(names)}")
    kinds = typing.get_type_hints(shape)
    for field in fields:
        if field.name in values:
            values[field.name] = _typed(params, field.name, values[field.name], kinds[field.name])
        elif field.default is dataclasses.MISSING:
            raise _wrong(params, f"needs {field.name!r}")
    return shape(**values)


def _typed(params: types.ExecuteCommandParams, name: str, value: object, kind: Any) -> object:
    plain = typing.get_origin(kind) or kind
    if plain is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if plain is not tuple and isinstance(value, plain) and isinstance(value, bool) == (plain is bool):
        return value
    raise _wrong(params, f"wants {_WORDS[plain]} for {name!r}")


def _wrong(params: types.ExecuteCommandParams, problem: str) -> JsonRpcInvalidParams:
    return JsonRpcInvalidParams(f"{params.command} {problem}.")


def focus_of(
    face: LspFace, path: str, start_line: int, end_line: int, diagnostics: tuple[str, ...]
) -> Focus | None:
    """Return what the person has before them; None where the client did not say.

    Args:
        face: The connection.
        path: A workspace path, or a document's URI.
        start_line: First line, from 1; 0 for the whole file.
        end_line: Last line, included; 0 for the first one.
        diagnostics: What is reported there.

    Raises:
        JsonRpcInvalidParams: The document is not in the workspace, or the lines are none.
    """
    if not path:
        return None
    relative = face.path_of(path) if "://" in path else path
    if relative is None:
        raise JsonRpcInvalidParams(f"{path} is not in the workspace.")
    start = max(1, start_line)
    end = max(start, end_line) if start_line else max(1, end_line, 1_000_000 if not end_line else 0)
    return Focus(LineSpan(relative, start, end), diagnostics)
