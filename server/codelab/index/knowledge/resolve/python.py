"""Python: packages with and without ``__init__``, relative imports, sources below ``src`` and the like."""

import sys

from codelab.index.knowledge.resolve.tree import ELSEWHERE, Link, Resolved, Tree, closest, parent
from codelab.index.parsing.parsed import Import

_ENDINGS = (".py", ".pyi", ".pyx", ".pyw")
_SOURCE_FOLDERS = ("", "src", "lib", "python")


def resolve(statement: Import, importer: str, tree: Tree) -> Resolved:
    """Return the modules that an import statement of Python leads to."""
    module = "".join(statement.module.split())
    dots = len(module) - len(module.lstrip("."))
    parts = [part for part in module[dots:].split(".") if part]
    if dots:
        base = parent(importer)
        for _ in range(dots - 1):
            if not base:
                return ELSEWHERE
            base = parent(base)
        return _from_base(base, parts, statement, tree)
    if not parts:
        return ELSEWHERE
    root = _root_above(parts, importer, tree)
    if root is not None:
        return _from_base(root, parts, statement, tree)
    root = _root_anywhere(parts, importer, tree)
    return ELSEWHERE if root is None else _from_base(root, parts, statement, tree)


def _from_base(base: str, parts: list[str], statement: Import, tree: Tree) -> Resolved:
    """Follow the parts of a module from a folder; names may be modules in it or defined by it."""
    folder = "/".join((base, *parts)) if base else "/".join(parts)
    module = _module(folder, tree) if parts else _package(folder, tree)
    if module is None and folder not in tree.folders:
        return Resolved(missing=statement.module if _is_package_that_lacks(base, parts, tree) else "")
    inside = module is None or _is_package(module)
    links: list[Link] = []
    defined = []
    for name in statement.names:
        below = _module(f"{folder}/{name}" if folder else name, tree) if inside and name != "*" else None
        if below is None:
            defined.append(name)
        else:
            links.append(Link(below))
    if module is not None and (defined or not links):
        links.append(Link(module, tuple(defined)))
    return Resolved(tuple(links))


def _is_package_that_lacks(base: str, parts: list[str], tree: Tree) -> bool:
    """Tell whether what holds the missing module is a package, so that nothing but a file could be it."""
    above = "/".join((base, *parts[:-1])) if base else "/".join(parts[:-1])
    if len(parts) > 1 and _module(above, tree) is None:
        return _is_package_that_lacks(base, parts[:-1], tree)
    return _package(above, tree) is not None


def _module(path: str, tree: Tree) -> str | None:
    for ending in _ENDINGS:
        if path + ending in tree.paths:
            return path + ending
    return _package(path, tree)


def _package(folder: str, tree: Tree) -> str | None:
    for ending in _ENDINGS:
        path = f"{folder}/__init__{ending}" if folder else f"__init__{ending}"
        if path in tree.paths:
            return path
    return None


def _is_package(path: str) -> bool:
    return path.rpartition("/")[2].startswith("__init__.")


def _root_above(parts: list[str], importer: str, tree: Tree) -> str | None:
    """Return the folder from which an absolute import begins, if it is one above the file, or its sources."""
    start = parent(importer)
    while _package(start, tree) is not None and start:
        start = parent(start)
    key = ("python", parts[0], parts[1] if len(parts) > 1 else "", start)
    if key not in tree.memo:
        tree.memo[key] = _find_above(parts, start, tree)
    found: str | None = tree.memo[key]
    return found


def _find_above(parts: list[str], start: str, tree: Tree) -> str | None:
    root = start
    while True:
        for source in _SOURCE_FOLDERS:
            place = "/".join(part for part in (root, source) if part)
            if _holds(place, parts, tree) and (root == start or parts[0] not in sys.stdlib_module_names):
                return place
        if not root:
            return None
        root = parent(root)


def _root_anywhere(parts: list[str], importer: str, tree: Tree) -> str | None:
    """Return the folder of another project of the workspace that has all of the module."""
    if parts[0] in sys.stdlib_module_names:
        return None
    below = "/".join(parts[1:])
    packages = [
        folder
        for folder in tree.folders_by_name.get(parts[0], ())
        if _package(folder, tree) is not None
        and _package(parent(folder), tree) is None
        and _module(f"{folder}/{below}".rstrip("/"), tree) is not None
    ]
    found = closest(packages, importer)
    return None if found is None else parent(found)


def _holds(root: str, parts: list[str], tree: Tree) -> bool:
    """Tell whether a module begins in a folder; a folder without ``__init__`` must hold the next part too."""
    path = f"{root}/{parts[0]}" if root else parts[0]
    if _module(path, tree) is not None:
        return True
    if path not in tree.folders or len(parts) == 1:
        return False
    below = f"{path}/{parts[1]}"
    return _module(below, tree) is not None or (len(parts) > 2 and below in tree.folders)
