"""From a file's content to the rows that are stored for it: plain tuples, made in the parsing processes."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

from codelab.index.parsing.facts import pack_imports, pack_uses
from codelab.index.parsing.manifests import read_manifest
from codelab.index.parsing.parse import parse_parts
from codelab.index.parsing.parsed import DefinitionRow
from codelab.index.parsing.uses import lines_of_uses
from codelab.index.words import SpacedText, words_of

ChunkRow = tuple[int, int, int, str, str, str, str, str]
"""First line, last line, number of words, symbol, kind, other names, words of the symbol and of the text."""
DependencyRow = tuple[str, str, str, int]
"""Name, constraint, kind, line."""

MOST_TOP_NAMES = 400

_NAMED = frozenset(("class", "enum", "function", "interface", "method", "struct", "trait"))
_MOST_NAMES = 60  # of a passage: one line may define thousands, and be cut into as many passages


class Analysed(NamedTuple):
    """All that is stored for one content.

    Attributes:
        language: Its name, or an empty string.
        lines: Number of lines.
        errors: Stretches that the grammar could not read.
        chunks: In the order of the file.
        definitions: In the order of the file.
        imports: Packed by ``pack_imports``.
        uses: References, packed by ``pack_uses``.
        dependencies: What it asks for, where its path makes it a dependency manifest.
        top_names: The words of the names that are defined at the top level, separated by spaces.
    """

    language: str
    lines: int
    errors: int
    chunks: list[ChunkRow]
    definitions: Sequence[DefinitionRow]
    imports: str
    uses: bytes
    dependencies: list[DependencyRow]
    top_names: str


def analyse(path: str, data: bytes) -> Analysed:
    """Parse a text in UTF-8 and split it into words."""
    parsed = parse_parts(path, data)
    chunks: list[ChunkRow] = []
    words = SpacedText(data).words
    names_between = _names(parsed.definitions)
    for start_line, end_line, start, end, symbol, kind in parsed.chunks:
        name, body = words_of(symbol), words(start, end)
        length = (name.count(" ") + 1 if name else 0) + (body.count(" ") + 1 if body else 0)
        others = names_between(start_line, end_line, symbol)
        chunks.append((start_line, end_line, length, symbol, kind, others, name, body))
    lines = data.count(b"\n") + (not data.endswith(b"\n") if data else 0)
    return Analysed(
        parsed.language or "",
        lines,
        parsed.errors,
        chunks,
        parsed.definitions,
        pack_imports(parsed.imports),
        pack_uses(lines_of_uses(parsed.uses, parsed.lines)),
        [(one.name, one.constraint, one.kind, one.line) for one in read_manifest(path, data)],
        words_of(" ".join([row[0] for row in parsed.definitions if "." not in row[1]][:MOST_TOP_NAMES])),
    )


def _names(definitions: Sequence[DefinitionRow]) -> Callable[[int, int, str], str]:
    """Return what gives the names defined from one line to another, other than that of a qualified name."""
    named = sorted((row[4], number, row[0]) for number, row in enumerate(definitions) if row[2] in _NAMED)
    starts = [row[0] for row in named]

    def names_between(first: int, last: int, but: str) -> str:
        low, high = bisect_left(starts, first), bisect_left(starts, last + 1)
        high = min(high, low + _MOST_NAMES)
        if high == low:
            return ""
        own = but.rpartition(".")[2]
        return " ".join(dict.fromkeys(row[2] for row in named[low:high] if row[2] != own))

    return names_between
