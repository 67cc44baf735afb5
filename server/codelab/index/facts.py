"""How the imports of a content and the uses of names in it are kept: packed, one value each for a content.

Imports are kept apart from uses and uncompressed, since all files' imports are read together.
"""

import json
import re
import zlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import NamedTuple

from codelab.index.parsed import Import, Reference

_KIND_AND_NAME = itemgetter(Reference._fields.index("kind"), Reference._fields.index("name"))
_LINE = itemgetter(Reference._fields.index("line"))


class Use(NamedTuple):
    """A name that a content uses: how (``call``, ``type``, ``base`` or ``import``), and on which lines."""

    name: str
    kind: str
    lines: list[int]


def pack_imports(imports: Sequence[Import]) -> str:
    """Pack import statements; an empty string for none."""
    if not imports:
        return ""
    rows = [[one.module, one.line, *one.names] for one in imports]
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False)


def unpack_imports(packed: str) -> list[Import]:
    """Return the import statements that ``pack_imports`` packed."""
    return [Import(module, tuple(names), line) for module, line, *names in json.loads(packed or "[]")]


def pack_uses(references: Sequence[Reference]) -> bytes:
    """Pack uses of names: each name once, with the lines it is on; empty for none."""
    if not references:
        return b""
    lines: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for key, line in zip(map(_KIND_AND_NAME, references), map(_LINE, references), strict=True):
        lines[key].append(line)
    uses = {f"{kind} {name}": found for (kind, name), found in lines.items()}
    return zlib.compress(json.dumps(uses, separators=(",", ":"), ensure_ascii=False).encode(), 1)


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
