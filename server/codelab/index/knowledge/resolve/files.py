"""Languages whose imports name files: Ruby, Dart, Lua, Bash, CSS, HTML, and what has no rules of its own."""

import re

from codelab.index.knowledge.resolve.tree import ELSEWHERE, Link, Resolved, Tree, join, parent
from codelab.index.parsing.parsed import Import

_PUBSPEC_NAME = re.compile(r"^name:\s*['\"]?([\w-]+)", re.MULTILINE)


def resolve_ruby(statement: Import, importer: str, tree: Tree) -> Resolved:
    """Return the file of a ``require`` or ``require_relative``."""
    return _first(statement, importer, tree, (".rb", ""), ("lib", "app", ""))


def resolve_lua(statement: Import, importer: str, tree: Tree) -> Resolved:
    """Return the file of a ``require``: dots are folders."""
    slashed = statement._replace(module=statement.module.replace(".", "/"))
    return _first(slashed, importer, tree, (".lua", "/init.lua"), ("lua", "src", ""))


def resolve_dart(statement: Import, importer: str, tree: Tree) -> Resolved:
    """Return the file of an import or part; ``package:`` by the names in the workspace's pubspecs."""
    scheme, _, rest = statement.module.partition(":")
    if scheme == "package":
        name, _, below = rest.partition("/")
        home = _pubspecs(tree).get(name)
        path = join(home, f"lib/{below}") if home is not None else None
        if path is None:
            return ELSEWHERE
        return Resolved((Link(path, statement.names),)) if path in tree.paths else ELSEWHERE
    return ELSEWHERE if rest else _first(statement, importer, tree, ("",), ())


def resolve_file(statement: Import, importer: str, tree: Tree) -> Resolved:
    """Return the file that a relative path leads to, from the file or from the workspace."""
    return _first(statement, importer, tree, ("", ".sh", ".css", ".scss"), ("",))


def _first(
    statement: Import, importer: str, tree: Tree, endings: tuple[str, ...], roots: tuple[str, ...]
) -> Resolved:
    written = statement.module.partition("?")[0].partition("#")[0]
    if not written or "://" in written or written.startswith("//"):
        return ELSEWHERE
    for base in (parent(importer), *roots):
        path = join(base, written)
        for ending in endings if path else ():
            if f"{path}{ending}" in tree.paths:
                return Resolved((Link(f"{path}{ending}", statement.names),))
    if "/" in written.strip("./") and roots:
        for ending in endings:
            if found := tree.ending(f"{written.strip('./')}{ending}", importer):
                return Resolved((Link(found, statement.names),))
    return ELSEWHERE


def _pubspecs(tree: Tree) -> dict[str, str]:
    if "pubspecs" not in tree.memo:
        tree.memo["pubspecs"] = {
            match[1]: parent(path)
            for path in tree.by_name.get("pubspec.yaml", ())
            if (match := _PUBSPEC_NAME.search(tree.text(path)))
        }
    found: dict[str, str] = tree.memo["pubspecs"]
    return found
