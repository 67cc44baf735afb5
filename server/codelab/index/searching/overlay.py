"""Passages of texts that are not in the index: unsaved buffers, and files that changed since."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from codelab.index.files.content import lines_of
from codelab.index.parsing.analyse import analyse
from codelab.index.parsing.facts import Use, unpack_imports, unpack_uses
from codelab.index.parsing.parsed import DefinitionRow, Import
from codelab.index.searching import bm25
from codelab.index.searching.bm25 import Statistics
from codelab.index.searching.candidates import Candidate
from codelab.index.searching.matching import COLUMN_WEIGHTS
from codelab.workspace.secrets import is_secret

_MOST_CACHED = 64


class _Passage(NamedTuple):
    start_line: int
    end_line: int
    symbol: str
    kind: str
    names: str
    words: str
    counted: bm25.Counted


class OverlayText(NamedTuple):
    """A text, parsed and split into words.

    Attributes:
        key: Changes with the text.
        language: Its name, or an empty string.
        passages: Its chunks, counted.
        definitions: In the order of the file.
        lines: Its lines, with their ends.
        imports: In the order of the file.
        uses: Of names in it.
        top_names: The words of the names it defines at the top level.
    """

    key: bytes
    language: str
    passages: list[_Passage]
    definitions: Sequence[DefinitionRow]
    lines: list[str]
    imports: list[Import]
    uses: list[Use]
    top_names: str


class OverlayCache:
    """Parses texts, and remembers the last few by their content. Not for several threads at once."""

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[str, bytes], OverlayText] = OrderedDict()

    def get(self, path: str, text: str) -> OverlayText:
        """Return a text's passages and definitions; its path tells the language."""
        data = text.encode("utf-8", "replace").replace(b"\0", b" ")
        key = (path, hashlib.sha256(data).digest())
        found = self._texts.get(key)
        if found is None:
            found = self._texts[key] = _parse(path, data, key[1])
            if len(self._texts) > _MOST_CACHED:
                self._texts.popitem(last=False)
        self._texts.move_to_end(key)
        return found


def _parse(path: str, data: bytes, key: bytes) -> OverlayText:
    rows = analyse(path, data)
    passages = [
        _Passage(start, end, symbol, kind, names, f"{name} {body}".strip(), bm25.count((name, body)))
        for start, end, _, symbol, kind, names, name, body in rows.chunks
    ]
    imports, uses = unpack_imports(rows.imports), unpack_uses(rows.uses)
    return OverlayText(
        key, rows.language, passages, rows.definitions, lines_of(data), imports, uses, rows.top_names
    )


def without_secrets(overlay: Mapping[str, str] | None) -> dict[str, str]:
    """Return an overlay less the files that may hold secrets: an open editor does not make them public."""
    return {path: text for path, text in (overlay or {}).items() if not is_secret(path)}


def overlay_candidates(
    path: str, text: OverlayText, terms: Sequence[str], statistics: Statistics
) -> list[Candidate]:
    """Return a text's passages with their scores, as if they were in the index."""
    return [
        Candidate(
            -1,
            path,
            text.language,
            one.start_line,
            one.end_line,
            one.symbol,
            one.kind,
            names=one.names,
            text="".join(text.lines[one.start_line - 1 : one.end_line]),
            words=bm25.score(one.counted, terms, COLUMN_WEIGHTS, statistics),
        )
        for one in text.passages
    ]
