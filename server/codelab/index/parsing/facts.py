"""How the imports of a content and the uses of names in it are kept: packed, one value each for a content.

Imports are kept apart from uses and uncompressed, since all files' imports are read together.
"""

import json
import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from codelab.index.parsing.parsed import Import

_TO_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode


class Use(NamedTuple):
    """A name that a content uses: how (``call``, ``type``, ``base`` or ``import``), and on which lines."""

    name: str
    kind: str
    lines: list[int]


def pack_imports(imports: Sequence[Import]) -> str:
    """Pack import statements; an empty string for none."""
    if not imports:
        return ""
    return _TO_JSON([[module, line, *names] for module, names, line in imports])


def unpack_imports(packed: str) -> list[Import]:
    """Return the import statements that ``pack_imports`` packed."""
    return [Import(module, tuple(names), line) for module, line, *names in json.loads(packed or "[]")]


def pack_uses(uses: Mapping[str, Mapping[str, Sequence[int]]]) -> bytes:
    """Pack uses of names, the lines they are on by kind and name; empty for none."""
    if not uses:
        return b""
    written = {f"{kind} {name}": lines for kind, names in uses.items() for name, lines in names.items()}
    return zlib.compress(_TO_JSON(written).encode(), 1)


def unpack_uses(packed: bytes, names: Collection[str] | None = None) -> list[Use]:
    """Return the uses of names that ``pack_uses`` packed.

    Args:
        packed: As it was packed.
        names: Only these; all of them if None.
    """
    if not packed:
        return []
    uses = []
    for key, lines in json.loads(zlib.decompress(packed)).items():
        kind, _, name = key.partition(" ")
        if names is None or name in names:
            uses.append(Use(name, kind, lines))
    return uses


def unpack_uses_of(packed: bytes, name: str) -> list[Use]:
    """Return the uses of one name among those that ``pack_uses`` packed, without unpacking the others."""
    if not packed:
        return []
    written = re.escape(json.dumps(name, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass"))
    found = re.finditer(rb'(?<!\\)"(\w+) %b":\[([\d,]+)\]' % written, zlib.decompress(packed))
    return [Use(name, one[1].decode(), list(map(int, one[2].split(b",")))) for one in found]
