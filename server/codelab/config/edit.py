"""Set one of the person's settings in ``config.toml``, leaving every other line as it is.

The edit is made on lines and then proved: the new text must read back as the old settings with that one
value changed. Where no simple edit does, the file is left alone and the person is told to edit it.
"""

import json
import os
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from codelab.config.catalog import SettingInfo, find_setting, similar_settings
from codelab.config.load import check_settings, read_user_settings
from codelab.config.places import Places
from codelab.config.toml_lines import key_lines
from codelab.core.errors import InputError
from codelab.core.wording import cause_of


def set_user_setting(places: Places, key: str, value: str) -> Path:
    """Set one setting of the person.

    Args:
        places: Where the person's files are.
        key: Dotted name, as in ``models.chat``.
        value: The value as typed: a number, text with or without quotes, or a list such as ``["a", "b"]``.

    Returns:
        The file that was changed.

    Raises:
        InputError: There is no such setting, the value is not allowed, or the file cannot be changed.
    """
    info = find_setting(key)
    if info is None:
        similar = " or ".join(similar_settings(key))
        raise InputError(
            f"There is no setting {key}",
            fix=f"Did you mean {similar}?" if similar else "docs/settings.md lists all settings",
        )
    path = places.user_config
    text, data = read_user_settings(path)
    parsed = _parsed(info, value)
    section, _, name = key.partition(".")
    wanted = {**data, section: {**_table(data.get(section)), name: parsed}}
    # Checked as the only setting first, so that the message is about this value.
    check_settings(None, "", {section: {name: parsed}})
    check_settings(path, text, wanted)
    for candidate in _candidates(text, section, name, _toml(parsed)):
        if _reads_as(candidate, wanted):
            _replace_file(path, candidate)
            return path
    raise InputError(
        f"{key} cannot be set in {path} without rewriting it",
        why="The file is written in a way that this command does not edit",
        fix=f"Open it and write `{name} = {_toml(parsed)}` under [{section}]",
    )


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _parsed(info: SettingInfo, value: str) -> Any:
    """Return the value as TOML reads it; text may be given without quotes."""
    try:
        parsed = tomllib.loads(f"value = {value}\n")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    return value if info.kind == "text" and not isinstance(parsed, str) else parsed


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _candidates(text: str, section: str, name: str, value: str) -> Iterator[str]:
    """Yield texts in which the setting stands, simplest first."""
    new = f"{name} = {value}"
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    where = key_lines(text)
    if at := where.get(f"{section}.{name}"):
        line = lines[at - 1]
        changed = f"{line.partition('=')[0]}= {value}"  # the key stays as the person wrote it
        yield "".join([*lines[: at - 1], f"{changed}{_trailing_comment(line)}{newline}", *lines[at:]])
        for end in range(at + 1, len(lines) + 1):  # a list over several lines
            yield "".join([*lines[: at - 1], changed + newline, *lines[end:]])
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    if at := where.get(section):
        yield "".join([*lines[:at], new + newline, *lines[at:]])
    gap = [newline] if lines else []
    yield "".join([*lines, *gap, f"[{section}]{newline}", new + newline])


def _trailing_comment(line: str) -> str:
    """Return the comment at the end of a line that holds one whole key, with the space before it."""
    for at in (i for i, c in enumerate(line) if c == "#"):
        try:
            tomllib.loads(line[:at])
        except tomllib.TOMLDecodeError:
            continue
        before = line[:at]
        return before[len(before.rstrip()) :] + line[at:].rstrip("\r\n")
    return ""


def _reads_as(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _replace_file(path: Path, text: str) -> None:
    """Put a whole new text in place of a file; a link stays a link, and a crash leaves old or new."""
    target = path.resolve()
    temporary = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".config-", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            os.chmod(temporary, target.stat().st_mode & 0o777)
        os.replace(temporary, target)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise InputError(
            f"Settings cannot be written to {path}",
            why=cause_of(error),
            fix="Make the folder writable, or edit the file yourself",
        ) from None
