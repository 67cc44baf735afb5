"""Import statements from the captures of the imports queries.

A query marks each statement (``@import``) and in it the modules (``@import.module``) and the names taken
from them (``@import.name``). Where the grammar has one path for both, it marks that: ``@import.path`` (its
last part is the name: Java) or ``@import.tree`` (nested braces: Rust). ``@import.require`` is a function that
makes the statement an import only if it is called ``require``.
"""

from bisect import bisect_left
from typing import TYPE_CHECKING

from codelab.index.parsed import Import
from codelab.index.windows import Lines

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_TREE = 20_000
MAX_NESTING = 32
_QUOTES = "\"'`<>"


def find_imports(
    captures: "dict[str, list[Node]]", lines: Lines
) -> tuple[tuple[Import, ...], list[tuple[int, str, str]]]:
    """Return the imports of a file, and a reference for each name they import.

    Args:
        captures: What the queries gave.
        lines: The file.

    Returns:
        The imports in order, and (first byte, name, ``import``) of each imported name.
    """
    statements = sorted({node.byte_range for node in captures.get("import", ())})
    if not statements:
        return (), []
    parts = sorted(
        (*node.byte_range, role)
        for role in ("module", "name", "path", "tree", "require")
        for node in captures.get(f"import.{role}", ())
    )
    imports: list[Import] = []
    references: list[tuple[int, str, str]] = []
    at = 0
    for start, end in statements:
        line = lines.row_of(start) + 1
        modules: list[str] = []
        names: list[tuple[int, str]] = []
        while at < len(parts) and parts[at][0] < end:
            first, last, role = parts[at]
            at += 1
            text = lines.text(first, last)
            if first < start:
                continue
            if role == "module":
                modules.append(text.strip(_QUOTES))
            elif role == "name":
                names.append((first, text))
            elif role == "require":
                if text != "require":
                    at = bisect_left(parts, (end,))
                    modules, names = [], []
            else:
                pairs = [_last_part(text)] if role == "path" else _tree(text)
                imports.extend(Import(module, taken, line) for module, taken in pairs)
                names_of = [name for _, taken in pairs for name in taken]
                references.extend((first, name, "import") for name in names_of if name != "*")
        references.extend((first, name, "import") for first, name in names if name != "*")
        taken = tuple(name for _, name in names)
        if taken or len(modules) == 1:
            imports.append(Import(modules[0] if modules else "", taken, line))
        else:
            imports.extend(Import(module, (), line) for module in modules)
    return tuple(imports), references


def _last_part(path: str) -> tuple[str, tuple[str, ...]]:
    path = "".join(path.split())
    module, dot, name = path.rpartition(".")
    return (module, (name,)) if dot else (path, ())


def _tree(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Read a Rust ``use`` path: ``std::{fmt, io::{self, Read as R}}``."""
    names: dict[str, list[str]] = {}
    prefixes = [""]
    word = ""
    for char in text[:MAX_TREE] + ",":
        if char == "{" and len(prefixes) < MAX_NESTING:
            prefixes.append(prefixes[-1] + word.strip())
            word = ""
        elif char in ",}":
            _add_use(names, prefixes[-1] + word.strip(), bool(word.strip()))
            word = ""
            if char == "}" and len(prefixes) > 1:
                prefixes.pop()
        else:
            word += char
    return [(module, tuple(taken)) for module, taken in names.items()]


def _add_use(names: dict[str, list[str]], path: str, written: bool) -> None:
    if not written:
        return
    path = "".join(path.partition(" as ")[0].split()).removesuffix("::self")
    module, separator, name = path.rpartition("::")
    names.setdefault(module if separator else path, []).extend([name] if separator else [])
