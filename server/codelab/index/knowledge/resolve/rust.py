"""Rust: modules by files, paths from ``crate``, ``self`` and ``super``, crates of the workspace by name."""

from codelab.index.knowledge.resolve.tree import ELSEWHERE, Link, Resolved, Tree, parent
from codelab.index.parsing.parsed import Import

_ROOTS = ("lib.rs", "main.rs")
_OWN_FOLDER = frozenset(("mod.rs", "lib.rs", "main.rs", "build.rs"))


def resolve(statement: Import, importer: str, tree: Tree) -> Resolved:
    """Return the files that a ``use`` or ``mod`` leads to."""
    parts = [part for part in "".join(statement.module.split()).split("::") if part]
    if not parts:
        return ELSEWHERE
    if len(parts) == 1 and not statement.names and parts[0] not in {"crate", "self", "super"}:
        child = _child(importer, parts[0], tree)
        if child is not None:
            return Resolved((Link(child),))
        crate = _crates(tree).get(parts[0])
        if crate is not None:
            return Resolved((Link(crate),))
        written = tree.text(importer)
        is_file = f"mod {parts[0]};" in written and "#[path" not in written
        return Resolved(missing=f"mod {parts[0]}" if is_file else "")
    start: str | None = importer
    if parts[0] == "crate":
        start = _root(importer, tree)
        del parts[0]
    elif parts[0] in {"self", "super"}:
        while parts and parts[0] in {"self", "super"}:
            start = _above(start, tree) if parts[0] == "super" and start else start
            del parts[0]
    elif (child := _child(importer, parts[0], tree)) is not None:
        start = child
        del parts[0]
    elif parts[0] in _crates(tree):
        start = _crates(tree)[parts[0]]
        del parts[0]
    else:
        return ELSEWHERE
    return _follow(start, parts, statement.names, tree)


def _follow(start: str | None, parts: list[str], names: tuple[str, ...], tree: Tree) -> Resolved:
    if start is None:
        return ELSEWHERE
    for part in parts:
        below = _child(start, part, tree)
        if below is None:  # a type or an inner module of this file
            return Resolved((Link(start, (part,)),))
        start = below
    links, defined = [], []
    for name in names:
        below = _child(start, name, tree)
        if below is None:
            defined.append(name)
        else:
            links.append(Link(below))
    if defined or not links:
        links.append(Link(start, tuple(defined)))
    return Resolved(tuple(links))


def _inside(path: str) -> str:
    """Return the folder that holds the modules below a file."""
    folder, _, name = path.rpartition("/")
    if name in _OWN_FOLDER or folder.endswith(("src/bin", "tests", "examples", "benches")):
        return folder
    return path.removesuffix(".rs")


def _child(path: str, name: str, tree: Tree) -> str | None:
    name = name.removeprefix("r#")
    folder = _inside(path)
    prefix = f"{folder}/" if folder else ""
    for candidate in (f"{prefix}{name}.rs", f"{prefix}{name}/mod.rs"):
        if candidate in tree.paths and candidate != path:
            return candidate
    return None


def _above(path: str, tree: Tree) -> str | None:
    folder, _, name = path.rpartition("/")
    if name == "mod.rs":
        folder, _, _ = folder.rpartition("/")
    prefix = f"{folder}/" if folder else ""
    for candidate in (f"{prefix}mod.rs", *(f"{prefix}{root}" for root in _ROOTS), f"{folder}.rs"):
        if candidate in tree.paths and candidate != path:
            return candidate
    return None


def _root(path: str, tree: Tree) -> str | None:
    manifest = tree.nearest(parent(path), "Cargo.toml")
    home = parent(manifest) if manifest else ""
    return _root_in(home, tree)


def _root_in(home: str, tree: Tree) -> str | None:
    for source in (f"{home}/src" if home else "src", home):
        for root in _ROOTS:
            path = f"{source}/{root}" if source else root
            if path in tree.paths:
                return path
    return None


def _crates(tree: Tree) -> dict[str, str]:
    """Return the root file of each crate of the workspace by its name in code."""
    if "crates" not in tree.memo:
        found = {}
        for path in tree.by_name.get("Cargo.toml", ()):
            package = tree.toml(path).get("package")
            name = package.get("name") if isinstance(package, dict) else None
            if isinstance(name, str) and (root := _root_in(parent(path), tree)):
                found[name.replace("-", "_")] = root
        tree.memo["crates"] = found
    crates: dict[str, str] = tree.memo["crates"]
    return crates
