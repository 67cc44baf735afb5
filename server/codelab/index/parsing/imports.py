"""Import statements from the captures of the imports queries.

A query marks each statement (``@import``) and in it the modules (``@import.module``) and the names taken
from them (``@import.name``). Where the grammar has one path for both, it marks that: ``@import.path`` (its
last part is the name: Java, Kotlin, PHP) or ``@import.tree`` (nested braces: Rust, Scala).

``@import.require`` is a function that makes the statement an import only if it is called ``require``.
``@import.call`` is a word that does so if it is one of those with which one or another language imports;
where a statement has several (a tag and its attributes), the first decides on all of it and each other one
on what follows it.
"""

from bisect import bisect_left
from itertools import pairwise

from codelab.index.parsing.parsed import Import
from codelab.index.parsing.spans import Span, Spans
from codelab.index.parsing.windows import Lines

MAX_TREE = 20_000
MAX_NESTING = 32
_ROLES = ("call", "module", "name", "path", "tree", "require")
_QUOTES = "\"'`<>"
_IMPORTING = frozenset(
    {
        "require", "require_relative", "load", "autoload", "source", ".", "include", "literalinclude",
        "script", "link", "src", "href"
    }
)  # fmt: skip


def find_imports(spans: Spans, lines: Lines) -> tuple[tuple[Import, ...], list[tuple[int, str]], set[Span]]:
    """Return the imports of a file, the names they import, and where the statements are.

    Args:
        spans: What the queries captured.
        lines: The file.

    Returns:
        The imports in order, (first byte, name) of each imported name, and the first byte of each statement
        with the byte after its last.
    """
    statements = sorted(set(spans.get("import", ())))
    if not statements:
        return (), [], set()
    parts = [(start, end, role) for role in _ROLES for start, end in spans.get(f"import.{role}", ())]
    parts.sort()
    imports: list[Import] = []
    imported: list[tuple[int, str]] = []
    # A statement within another one has its parts to itself.
    ends = [min(one[1], following[0]) for one, following in pairwise(statements)] + [statements[-1][1]]
    at = 0
    importing: set[Span] = set()
    for span, end in zip(statements, ends, strict=True):
        start = span[0]
        first = bisect_left(parts, (start,), at)
        at = bisect_left(parts, (end,), first)
        line = lines.row_of(start) + 1
        for module, names in _read(parts[first:at], lines):
            importing.add(span)
            imports.append(Import(module, tuple(name for _, name in names), line))
            imported += [one for one in names if one[1] != "*"]
    return tuple(imports), imported, importing


def _read(parts: list[tuple[int, int, str]], lines: Lines) -> list[tuple[str, list[tuple[int, str]]]]:
    """Return what one statement imports: modules, and with each the names taken from it and their places."""
    found: list[tuple[str, list[tuple[int, str]]]] = []
    modules: list[str] = []
    names: list[tuple[int, str]] = []
    is_import = is_decided = False
    module_at = (-1, -1)
    for first, last, role in parts:
        text = lines.text(first, last)
        if role == "call":
            is_import = text in _IMPORTING
            if not is_import and not is_decided:
                return []
            is_decided = True
        elif role == "module":
            module_at = (first, last)
            if is_import or not is_decided:
                modules.append(text.strip(_QUOTES))
        elif role == "name":
            names.append((first, text))
        elif role == "require":
            if text != "require":
                return []
        elif (first, last) != module_at:
            pairs = [_last_part(text)] if role == "path" else _tree(text)
            found += [(module, [(first, name) for name in taken]) for module, taken in pairs]
    if names or len(modules) == 1:
        return [*found, (modules[0] if modules else "", names)]
    return found + [(module, []) for module in modules]


def _last_part(path: str) -> tuple[str, tuple[str, ...]]:
    path = "".join(path.split())
    module, dot, name = path.strip("\\").rpartition("\\" if "\\" in path else ".")
    return (module, (name,)) if dot else (path, ())


def _tree(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Read the path of a ``use`` of Rust (``std::{fmt, io::{self, Read as R}}``) or an import of Scala."""
    text = text[:MAX_TREE]
    dot = "::"
    if text.startswith("import"):
        dot, text = ".", text[6:].replace("=>", " as ")
    names: dict[str, list[str]] = {}
    prefixes = [""]
    word = ""
    for char in text + ",":
        if char == "{" and len(prefixes) < MAX_NESTING:
            prefixes.append(prefixes[-1] + word.strip())
            word = ""
        elif char in ",}":
            _add_use(names, prefixes[-1] + word.strip(), bool(word.strip()), dot)
            word = ""
            if char == "}" and len(prefixes) > 1:
                prefixes.pop()
        else:
            word += char
    return [(module, tuple(taken)) for module, taken in names.items()]


def _add_use(names: dict[str, list[str]], path: str, written: bool, dot: str) -> None:
    if not written:
        return
    path = "".join(path.partition(" as ")[0].split()).removesuffix("::self")
    module, separator, name = path.rpartition(dot)
    if dot == "." and name == "_":
        name = "*"
    names.setdefault(module if separator else path, []).extend([name] if separator else [])
