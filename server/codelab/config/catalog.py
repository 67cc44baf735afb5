"""The settings as a list: for documents, for the command line, and for messages that name one."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from codelab.config.settings import Narrow, Settings


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One setting.

    Attributes:
        key: Dotted name, as in ``run.iterations``.
        kind: What it takes, in words: ``text``, ``whole number``, ``number``, ``true or false``, ``list of
            texts``, or the values that it may have.
        default: The value when nobody sets it.
        description: What it means, one sentence.
        narrow: How a trusted workspace may change it, or None if it is the person's alone.
    """

    key: str
    kind: str
    default: Any
    description: str
    narrow: Narrow | None


_KINDS: dict[object, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def all_settings() -> list[SettingInfo]:
    """Return every setting in the order of its declaration."""
    return [_info(f"{section}.{name}", field) for section, name, field in _fields()]


def find_setting(key: str) -> SettingInfo | None:
    """Return a setting by its dotted name, or None."""
    return next((info for info in all_settings() if info.key == key), None)


def similar_settings(key: str) -> list[str]:
    """Return the names of settings that a person may have meant, best first."""
    names = [info.key for info in all_settings()]
    last = key.rpartition(".")[2]
    same_last = [name for name in names if name.rpartition(".")[2] == last]
    return same_last or difflib.get_close_matches(key, names, n=2, cutoff=0.6)


def section_models() -> dict[str, type[BaseModel]]:
    """Return the sections of ``config.toml`` with their models."""
    models: dict[str, type[BaseModel]] = {}
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            models[name] = field.annotation
    return models


def _fields() -> Iterator[tuple[str, str, FieldInfo]]:
    for section, model in section_models().items():
        for name, field in model.model_fields.items():
            yield section, name, field


def _info(key: str, field: FieldInfo) -> SettingInfo:
    extra = field.json_schema_extra
    narrow = extra.get("narrow") if isinstance(extra, dict) else None
    return SettingInfo(
        key=key,
        kind=_kind(field.annotation),
        default=field.default,
        description=field.description or "",
        narrow="lower" if narrow == "lower" else "extend" if narrow == "extend" else None,
    )


def _kind(annotation: object) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    return _KINDS.get(annotation, "list of texts")
