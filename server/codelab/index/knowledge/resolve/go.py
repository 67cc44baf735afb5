"""Go: packages by the module path of ``go.mod``."""

import re

from codelab.index.knowledge.resolve.tree import ELSEWHERE, Link, Resolved, Tree, join, parent
from codelab.index.parsing.parsed import Import

_MODULE = re.compile(r"^\s*module\s+\"?([^\s\"]+)", re.MULTILINE)


def resolve(statement: Import, importer: str, tree: Tree) -> Resolved:
    """Return the files of the package that an import leads to, without its tests."""
    written = statement.module
    if written.startswith("."):
        folder = join(parent(importer), written)
        return _files(folder, statement, tree) if folder is not None else ELSEWHERE
    best = ""
    for module in _modules(tree):
        if (written == module or written.startswith(f"{module}/")) and len(module) > len(best):
            best = module
    if not best:
        return ELSEWHERE
    folder = join(_modules(tree)[best], written[len(best) :])
    return _files(folder or "", statement, tree)


def _files(folder: str, statement: Import, tree: Tree) -> Resolved:
    files = [path for path in tree.files_in.get(folder, ()) if path.endswith(".go")]
    links = [Link(path) for path in files if not path.endswith("_test.go")]
    return Resolved(tuple(links), "" if files else statement.module)


def _modules(tree: Tree) -> dict[str, str]:
    """Return the folder of each module of the workspace."""
    if "go.mod" not in tree.memo:
        found = {}
        for path in tree.by_name.get("go.mod", ()):
            if match := _MODULE.search(tree.text(path)):
                found[match[1]] = parent(path)
        tree.memo["go.mod"] = found
    modules: dict[str, str] = tree.memo["go.mod"]
    return modules
