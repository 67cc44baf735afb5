"""C# and PHP: namespaces, by the files that declare them or the folders that a manifest gives them."""

from codelab.index.knowledge.resolve.tree import ELSEWHERE, Link, Resolved, Tree, join, parent
from codelab.index.parsing.parsed import Import

_MOST_FILES = 200


def resolve_csharp(statement: Import, importer: str, tree: Tree) -> Resolved:
    """Return the files that declare the namespace of a ``using``."""
    written = ".".join((statement.module, *(name for name in statement.names if name != "*"))).strip(".")
    files = tree.namespaces.get(written) or tree.namespaces.get(statement.module, ())
    return Resolved(tuple(Link(path) for path in files[:_MOST_FILES] if path != importer))


def resolve_php(statement: Import, importer: str, tree: Tree) -> Resolved:
    """Return the files of the classes of a ``use`` (by psr-4, or by how paths end), or a required file."""
    written = statement.module.strip("\"'").strip()
    if written.endswith(".php"):
        path = join(parent(importer), written.lstrip("/"))
        found = path if path in tree.paths else tree.ending(written.lstrip("./"), importer)
        return Resolved((Link(found),)) if found else ELSEWHERE
    base = written.strip("\\").replace("\\", "/").replace(".", "/")
    links = []
    for name in statement.names or ("",):
        inside = name.strip("\\").replace("\\", "/")
        path = _class("/".join(part for part in (base, inside) if part), importer, tree)
        if path is not None:
            links.append(Link(path, (path.rpartition("/")[2].removesuffix(".php"),)))
    return Resolved(tuple(links))


def _class(written: str, importer: str, tree: Tree) -> str | None:
    for prefix, folder in _psr4(tree):
        if f"{written}/".startswith(prefix):
            path = join(folder, f"{written[len(prefix) :]}.php")
            if path in tree.paths:
                return path
    return tree.ending(f"{written}.php", importer) if "/" in written else None


def _psr4(tree: Tree) -> list[tuple[str, str]]:
    """Return prefixes of namespaces as paths with the folders they stand for, the longest first."""
    if "psr-4" not in tree.memo:
        found = []
        for manifest in tree.by_name.get("composer.json", ()):
            data = tree.json(manifest)
            for field in ("autoload", "autoload-dev"):
                rules = data.get(field)
                prefixes = rules.get("psr-4") if isinstance(rules, dict) else None
                for prefix, folders in prefixes.items() if isinstance(prefixes, dict) else ():
                    for folder in folders if isinstance(folders, list) else [folders]:
                        place = join(parent(manifest), str(folder))
                        if place is not None:
                            found.append((prefix.replace("\\", "/"), place))
        tree.memo["psr-4"] = sorted(found, key=lambda rule: (-len(rule[0]), rule))
    rules_found: list[tuple[str, str]] = tree.memo["psr-4"]
    return rules_found
