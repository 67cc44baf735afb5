"""Parse one file into chunks, symbols, references and imports.

This is the hot path of indexing: one pass of one query over the tree, then work on spans alone. It keeps
no state and takes and gives plain data, so it may run in any process.
"""

from typing import TYPE_CHECKING

from codelab.index.bounded import MAX_BYTES, bounded_captures, bounded_tree
from codelab.index.chunks import find_units, make_chunks
from codelab.index.imports import find_imports
from codelab.index.leading import Leading
from codelab.index.markup import mark_elements
from codelab.index.parsed import Chunk, Definition, Import, Parsed, Reference
from codelab.index.recovery import recover
from codelab.index.symbols import find_definitions, find_references, make_references, name_definitions
from codelab.index.windows import Lines, windows
from codelab_grammars.grammar import Grammar, load
from codelab_grammars.languages import language_of

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["Chunk", "Definition", "Import", "Parsed", "Reference", "parse"]

HEAD = 8192


def parse(path: str, data: bytes) -> Parsed:
    """Parse one file.

    Args:
        path: Where it is; only its name matters, for the language.
        data: Its content in UTF-8, without NUL.

    Returns:
        What was found; a text that no grammar reads still has its windows.
    """
    language = language_of(path, data[:HEAD])
    lines = Lines(data)
    if language is None or len(data) > MAX_BYTES or not lines.count:
        return Parsed(language, _window_chunks(lines), (), (), (), 0)
    return _parse_with(load(language), lines)


def _parse_with(grammar: Grammar, lines: Lines) -> Parsed:
    tree = bounded_tree(grammar, lines.data)
    captures = bounded_captures(grammar, tree) if tree is not None else None
    if tree is None or captures is None:
        return Parsed(grammar.name, _window_chunks(lines), (), (), (), 1)
    root = tree.root_node
    if root.has_error:
        recover(grammar, tree, captures, lines.data)
    if grammar.name in ("html", "xml"):
        mark_elements(captures, grammar.name, lines.data)
    elif len(captures.get("definition.rule", ())) > lines.count:
        del captures["definition.rule"]  # a minified style sheet has thousands that nobody looks for
    leading = Leading(captures, lines)
    imports, imported, statements = find_imports(captures, lines)
    found = find_definitions(captures, lines.data)
    if "import.require" in captures:  # `var View = require("./view")` imports View and defines nothing
        found = [one for one in found if one.kind != "variable" or (one.start, one.end) not in statements]
    symbols = name_definitions(found, lines, leading)
    references = make_references(find_references(captures, found, lines) + imported, lines)
    errors = _errors(grammar, root, lines) if root.has_error else []
    units = find_units(captures, found, lines, leading)
    chunks = make_chunks(units, root, lines, errors)
    return Parsed(grammar.name, chunks, tuple(symbols), references, imports, len(errors))


def _errors(grammar: Grammar, root: "Node", lines: Lines) -> list[tuple[int, int]]:
    from tree_sitter import QueryCursor

    row_of = lines.row_of
    nodes = QueryCursor(grammar.errors).captures(root).get("error", ())
    spans = sorted(node.byte_range for node in nodes)
    return [(row_of(start), row_of(max(start, end - 1)) + 1) for start, end in spans]


def _window_chunks(lines: Lines) -> tuple[Chunk, ...]:
    return tuple(
        Chunk(first + 1, after, start, end, "", "window")
        for first, after, start, end in windows(lines, 0, lines.count)
    )
