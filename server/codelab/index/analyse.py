"""From a file's content to the rows that are stored for it: plain tuples, made in the parsing processes."""

import json
import zlib
from typing import NamedTuple

from codelab.index.parse import Parsed, parse
from codelab.index.words import words_of

ChunkRow = tuple[int, int, int, str, str, str, str]
"""First line, last line, number of words, symbol, kind, words of the symbol, words of the text."""
DefinitionRow = tuple[str, str, str, str, int, int]
"""Name, qualified name, kind, signature, first line, last line."""


class Analysed(NamedTuple):
    """All that is stored for one content.

    Attributes:
        language: Its name, or an empty string.
        lines: Number of lines.
        errors: Stretches that the grammar could not read.
        chunks: In the order of the file.
        definitions: In the order of the file.
        facts: References and imports, packed by ``pack_facts``.
    """

    language: str
    lines: int
    errors: int
    chunks: list[ChunkRow]
    definitions: list[DefinitionRow]
    facts: bytes


def analyse(path: str, data: bytes) -> Analysed:
    """Parse a text in UTF-8 and split it into words."""
    parsed = parse(path, data)
    chunks: list[ChunkRow] = []
    for chunk in parsed.chunks:
        text = data[chunk.start_byte : chunk.end_byte].decode("utf-8", "replace")
        name, body = words_of(chunk.symbol), words_of(text)
        length = (name.count(" ") + 1 if name else 0) + (body.count(" ") + 1 if body else 0)
        chunks.append((chunk.start_line, chunk.end_line, length, chunk.symbol, chunk.kind, name, body))
    definitions: list[DefinitionRow] = [
        (d.name, d.qualified, d.kind, d.signature[:400], d.start_line, d.end_line) for d in parsed.symbols
    ]
    lines = data.count(b"\n") + (not data.endswith(b"\n") if data else 0)
    return Analysed(parsed.language or "", lines, parsed.errors, chunks, definitions, pack_facts(parsed))


def pack_facts(parsed: Parsed) -> bytes:
    """Pack references and imports: names once each, with the lines they are on."""
    uses: dict[str, list[int]] = {}
    for reference in parsed.references:
        uses.setdefault(f"{reference.kind} {reference.name}", []).append(reference.line)
    if not uses and not parsed.imports:
        return b""
    facts = {"uses": uses, "imports": [[one.module, list(one.names), one.line] for one in parsed.imports]}
    return zlib.compress(json.dumps(facts, separators=(",", ":"), ensure_ascii=False).encode(), 1)
