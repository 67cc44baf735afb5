"""Read the settings: the person's file over the defaults, then what a trusted workspace may narrow.

The person's own file must be right, and a mistake in it is told with its line. A workspace's file is
somebody else's text: nothing in it can stop CodeLab, what it may not change is left out with a note.
"""

import os
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from codelab.config.catalog import SettingInfo, find_setting, similar_settings
from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.config.toml_lines import failure_line, key_lines, nearest_line
from codelab.core.errors import InputError
from codelab.core.wording import cause_of

WORKSPACE_CONFIG = ".codelab/config.toml"
MAX_CONFIG_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, and what the person should know about how they came to be."""

    settings: Settings
    notes: tuple[str, ...] = ()


def load_settings(places: Places, root: Path | None = None, *, trusted: bool = False) -> Loaded:
    """Read the settings that hold for a workspace.

    Args:
        places: Where the person's files are.
        root: The workspace, or None outside of one.
        trusted: Whether the person trusts the workspace; its file is not read otherwise.

    Returns:
        The settings, and a sentence for each thing that was ignored.

    Raises:
        InputError: The person's file cannot be read, is not TOML, or holds a value that is not allowed.
    """
    text, data = read_user_settings(places.user_config)
    settings = check_settings(places.user_config, text, data)
    if root is None:
        return Loaded(settings)
    return _narrowed(settings, root, trusted=trusted)


def read_user_settings(path: Path) -> tuple[str, dict[str, Any]]:
    """Read the person's settings file.

    Args:
        path: The file; one that is not there counts as empty.

    Returns:
        Its text and the data in it, not yet checked against the settings.

    Raises:
        InputError: It cannot be read, is not UTF-8 or not TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return "", {}
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text",
            why=f"Byte {error.start} makes no sense",
            fix="Save the file as UTF-8",
        ) from None
    except OSError as error:
        raise InputError(
            f"Settings cannot be read from {path}",
            why=cause_of(error),
            fix="Make it a file that you can read, or move it away to use the defaults",
        ) from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{path}, line {failure_line(error, text)}: this is not TOML",
            why=str(error),
            fix="Correct the line, or move the file away to use the defaults",
        ) from None


def check_settings(path: Path | None, text: str, data: dict[str, Any]) -> Settings:
    """Check data against the settings.

    Args:
        path: The file they came from, for the message; None for what was typed.
        text: Its text, for the line in the message.
        data: What TOML made of it.

    Raises:
        InputError: A key is unknown or a value is not allowed; names file, line, key and what would be right.
    """
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        lines = key_lines(text)
        mistakes = sorted(
            (
                nearest_line(lines, _dotted(mistake["loc"])),
                _dotted(mistake["loc"]),
                mistake["type"],
                _in_words(mistake["msg"]),
            )
            for mistake in error.errors(include_url=False, include_context=False)
        )
        line, key, kind, message = mistakes[0]
        where = f"{path}, line {line}: " if path else ""
        more = f" ({len(mistakes) - 1} more after it)" if len(mistakes) > 1 else ""
        if kind == "extra_forbidden":
            raise InputError(
                f"{where}there is no setting {_shown(key)}{more}", fix=_did_you_mean(key)
            ) from None
        raise InputError(
            f"{where}{_shown(key)} cannot have this value{more}",
            why=message.replace("tuple", "list").removeprefix("Value error, "),
            fix=_what_it_takes(key),
        ) from None


def _narrowed(settings: Settings, root: Path, *, trusted: bool) -> Loaded:
    path = root / WORKSPACE_CONFIG
    if not os.path.lexists(path):
        return Loaded(settings)
    if not trusted:
        return Loaded(settings, (f"{WORKSPACE_CONFIG} is ignored: this workspace is not trusted.",))
    try:
        data = tomllib.loads(read_workspace_text(root, WORKSPACE_CONFIG))
    except (OSError, ValueError) as error:
        return Loaded(settings, (f"{WORKSPACE_CONFIG} is ignored: {_shown(str(error))}.",))
    merged = settings.model_dump()
    notes: list[str] = []
    for section, values in data.items():
        if not isinstance(values, dict):
            notes.append(f"{WORKSPACE_CONFIG}: {_shown(section)} is ignored: there is no such section.")
            continue
        for name, value in values.items():
            refusal = _narrow_one(merged, f"{section}.{name}", value)
            if refusal:
                notes.append(f"{WORKSPACE_CONFIG}: {_shown(f'{section}.{name}')} is ignored: {refusal}.")
    return Loaded(Settings.model_validate(merged), tuple(notes))


def _narrow_one(merged: dict[str, dict[str, Any]], key: str, value: object) -> str:
    """Apply one value of a workspace to ``merged``; return why it was refused, or an empty string."""
    info = find_setting(key)
    if info is None:
        return "there is no such setting"
    if info.narrow is None:
        return "only you can set it, in your own settings"
    section, _, name = key.partition(".")
    candidate = _narrower(info, merged[section][name], value)
    if isinstance(candidate, str):
        return candidate
    try:
        Settings.model_validate({**merged, section: {**merged[section], name: candidate}})
    except ValidationError as error:
        return _in_words(error.errors(include_url=False)[0]["msg"])
    merged[section][name] = candidate
    return ""


def _narrower(info: SettingInfo, current: Any, value: object) -> float | tuple[str, ...] | str:
    """Return the value after narrowing, or in words why it may not be changed so."""
    if info.narrow == "lower":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return "it takes a number"
        return value if value <= current else f"a workspace may only lower it (it is {current})"
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return "it takes a list of texts"
    if any(item.lstrip().startswith("!") for item in value):
        return "a pattern with ! would take back what was excluded before"
    return (*current, *(item for item in value if item not in current))


def read_workspace_text(root: Path, name: str) -> str:
    """Return the text of a file by which a workspace configures CodeLab.

    Args:
        root: The workspace.
        name: The file, relative to it.

    Raises:
        OSError: It is no plain file of the workspace, or larger than such a file is.
        UnicodeDecodeError: It is not UTF-8.
    """
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()):
        raise OSError("it leads out of the workspace")
    # Without O_NONBLOCK, opening a named pipe would wait for a writer.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("it is not a plain file")
        content = file.read(MAX_CONFIG_BYTES + 1)
    if len(content) > MAX_CONFIG_BYTES:
        raise OSError(f"it is larger than {MAX_CONFIG_BYTES} bytes")
    return content.decode("utf-8-sig")


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(part for part in location if isinstance(part, str))


def _shown(text: str) -> str:
    """Make text from a file safe to show: nothing that moves a cursor or hides a character."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)[:200]


def _did_you_mean(key: str) -> str:
    similar = similar_settings(key)
    return (
        f"Did you mean {' or '.join(similar)}?"
        if similar
        else "Remove it; docs/settings.md lists all settings"
    )


def _what_it_takes(key: str) -> str:
    info = find_setting(key)
    if info is None:
        return "docs/settings.md lists all settings"
    default = "empty" if info.default in ("", ()) else repr(info.default)
    return f"It takes a {info.kind}, by default {default}: {info.description}"


def _in_words(message: str) -> str:
    return message.removeprefix("Value error, ")  # pydantic's words before those of a check of ours
