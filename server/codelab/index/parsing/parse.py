"""Parse one file into chunks, definitions, uses of names and imports.

This is the hot path of indexing: one pass of one query over the tree, then work on spans alone. It keeps
no state and takes and gives plain data, so it may run in any process.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from codelab.index.parsing.bounded import MAX_BYTES, bounded_captures, bounded_tree
from codelab.index.parsing.chunks import find_units, make_chunks
from codelab.index.parsing.documentation import documentation
from codelab.index.parsing.imports import find_imports
from codelab.index.parsing.leading import Leading
from codelab.index.parsing.markup import mark_elements
from codelab.index.parsing.parsed import Chunk, Definition, DefinitionRow, Import, Parsed, Reference
from codelab.index.parsing.recovery import recover
from codelab.index.parsing.spans import locate
from codelab.index.parsing.symbols import Found, find_definitions, name_definitions
from codelab.index.parsing.uses import Places, find_uses, make_references
from codelab.index.parsing.windows import Lines, windows
from codelab_grammars.grammar import Grammar, load, load_errors
from codelab_grammars.languages import language_of

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["Chunk", "Definition", "Import", "Parsed", "Parts", "Reference", "parse", "parse_parts"]

HEAD = 8192


class Parts(NamedTuple):
    """What ``parse_parts`` found, as far as all who ask need it.

    Attributes:
        language: A name of ``codelab_grammars.languages``, or None for text without a grammar.
        lines: The file.
        chunks: In the order of the file.
        uses: Where names are used.
        definitions: In the order of the file.
        owners: For each definition, what it was made of.
        imports: In the order of the file.
        errors: How many stretches the grammar could not read.
        leading: The comments and decorators above definitions; None where there is no grammar.
    """

    language: str | None
    lines: Lines
    chunks: tuple[Chunk, ...]
    uses: Places
    definitions: Sequence[DefinitionRow] = ()
    owners: Sequence[Found] = ()
    imports: tuple[Import, ...] = ()
    errors: int = 0
    leading: Leading | None = None


def parse(path: str, data: bytes) -> Parsed:
    """Parse one file.

    Args:
        path: Where it is; only its name matters, for the language.
        data: Its content in UTF-8, without NUL.

    Returns:
        What was found; a text that no grammar reads still has its windows.
    """
    parts = parse_parts(path, data)
    lines, leading = parts.lines, parts.leading
    definitions = tuple(
        Definition(*row[:4], documentation(owner, lines, leading) if leading else "", *row[4:])
        for row, owner in zip(parts.definitions, parts.owners, strict=True)
    )
    references = make_references(parts.uses, lines)
    return Parsed(parts.language, parts.chunks, definitions, references, parts.imports, parts.errors)


def parse_parts(path: str, data: bytes) -> Parts:
    """Parse one file for the index, which needs less of it than ``parse`` gives; arguments as there."""
    language = language_of(path, data[:HEAD])
    lines = Lines(data)
    if language is None or len(data) > MAX_BYTES or not lines.count:
        return Parts(language, lines, _window_chunks(lines), {})
    return _parse_with(load(language), lines)


def _parse_with(grammar: Grammar, lines: Lines) -> Parts:
    tree = bounded_tree(grammar, lines.data)
    captures = bounded_captures(grammar, tree) if tree is not None else None
    if tree is None or captures is None:
        return Parts(grammar.name, lines, _window_chunks(lines), {}, errors=1)
    root = tree.root_node
    if root.has_error:
        recover(grammar, tree, captures, lines.data)
    if grammar.name in ("html", "xml"):
        mark_elements(captures, grammar.name, lines.data)
    elif len(captures.get("definition.rule", ())) > lines.count:
        del captures["definition.rule"]  # a minified style sheet has thousands that nobody looks for
    captured = locate(captures, lines.data)
    spans = captured.spans
    leading = Leading(spans, lines)
    imports, imported, statements = find_imports(spans, lines)
    found = find_definitions(captured, lines.data)
    if "import.require" in spans:  # `var View = require("./view")` imports View and defines nothing
        found = [one for one in found if one.kind != "variable" or (one.start, one.end) not in statements]
    definitions, owners = name_definitions(found, lines)
    uses = find_uses(spans, found, imported, lines)
    errors = _errors(grammar, root, lines) if root.has_error else []
    units = find_units(captured, found, lines, leading)
    chunks = make_chunks(units, root, lines, errors)
    return Parts(grammar.name, lines, chunks, uses, definitions, owners, imports, len(errors), leading)


def _errors(grammar: Grammar, root: "Node", lines: Lines) -> list[tuple[int, int]]:
    from tree_sitter import QueryCursor

    row_of = lines.row_of
    nodes = QueryCursor(load_errors(grammar.name)).captures(root).get("error", ())
    spans = sorted(node.byte_range for node in nodes)
    return [(row_of(start), row_of(max(start, end - 1)) + 1) for start, end in spans]


def _window_chunks(lines: Lines) -> tuple[Chunk, ...]:
    return tuple(
        Chunk(first + 1, after, start, end, "", "window")
        for first, after, start, end in windows(lines, 0, lines.count)
    )
