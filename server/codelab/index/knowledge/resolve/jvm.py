"""Java, Kotlin, Scala and Groovy: classes by the folders of their packages."""

from codelab.index.knowledge.resolve.tree import ELSEWHERE, Link, Resolved, Tree
from codelab.index.parsing.parsed import Import

_ENDINGS = (".java", ".kt", ".scala", ".kts", ".groovy")
_MOST_FILES = 200


def resolve(statement: Import, importer: str, tree: Tree) -> Resolved:
    """Return the files of the classes or of the package that an import leads to."""
    parts = "".join(statement.module.split()).replace("._", "").split(".")
    names = [name for name in statement.names if name not in {"*", "_"}]
    if not names and "*" not in statement.names and "_" not in statement.names and len(parts) > 1:
        names = [parts.pop()]
    links = []
    for name in names:
        path = _class([*parts, name], importer, tree)
        if path is not None:
            links.append(Link(path, (name,)))
    if links:
        return Resolved(tuple(links))
    if names and (outer := _class(parts, importer, tree)):  # a nested class, or what is static in it
        return Resolved((Link(outer, tuple(names)),))
    if len(parts) < 2:
        return ELSEWHERE
    if not names and (outer := _class(parts, importer, tree)):
        return Resolved((Link(outer),))
    folder = tree.folders_ending("/".join(parts), importer)
    if folder is None:
        return ELSEWHERE
    files = [path for path in tree.files_in.get(folder, ()) if path.endswith(_ENDINGS)]
    return Resolved(tuple(Link(path, tuple(names)) for path in files[:_MOST_FILES]))


def _class(parts: list[str], importer: str, tree: Tree) -> str | None:
    if len(parts) < 2:
        return None
    stem = "/".join(parts)
    for ending in _ENDINGS:
        if found := tree.ending(stem + ending, importer):
            return found
    return None
