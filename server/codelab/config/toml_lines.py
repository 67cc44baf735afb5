"""Where a key stands in a TOML file, so that a message can name its line."""

import re
import tomllib

_TABLE = re.compile(r"\s*\[\[?\s*(?P<name>[^\]]+?)\s*\]")
_KEY = re.compile(
    r"""\s*(?P<name>(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)


def key_lines(text: str) -> dict[str, int]:
    """Return the line, from 1, of each table and key of a TOML text, by dotted name.

    It reads line by line and knows no strings over several lines: a line inside one may be listed as well.
    That costs at most a wrong line number in a message.
    """
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _TABLE.match(line):
            table = _plain(match["name"])
            found.setdefault(table, number)
        elif match := _KEY.match(line):
            name = _plain(match["name"])
            found.setdefault(f"{table}.{name}" if table else name, number)
    return found


def nearest_line(lines: dict[str, int], key: str) -> int:
    """Return the line of a dotted key, else of the nearest table around it, else 1."""
    while key:
        if key in lines:
            return lines[key]
        key = key.rpartition(".")[0]
    return 1


def failure_line(error: tomllib.TOMLDecodeError, text: str) -> int:
    """Return the line, from 1, at which a TOML text stopped making sense."""
    match = re.search(r"at line (\d+)", str(error))
    return int(match[1]) if match else max(1, len(text.splitlines()))


def _plain(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))
