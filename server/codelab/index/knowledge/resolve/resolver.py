"""Which resolver is for which language."""

from collections.abc import Callable

from codelab.index.knowledge.resolve import c, ecmascript, files, go, jvm, namespaces, python, rust
from codelab.index.knowledge.resolve.tree import Resolved, Tree
from codelab.index.parsing.parsed import Import

_RESOLVERS: dict[str, Callable[[Import, str, Tree], Resolved]] = {
    "python": python.resolve,
    "javascript": ecmascript.resolve,
    "typescript": ecmascript.resolve,
    "tsx": ecmascript.resolve,
    "go": go.resolve,
    "rust": rust.resolve,
    "java": jvm.resolve,
    "kotlin": jvm.resolve,
    "scala": jvm.resolve,
    "c": c.resolve,
    "cpp": c.resolve,
    "csharp": namespaces.resolve_csharp,
    "php": namespaces.resolve_php,
    "ruby": files.resolve_ruby,
    "lua": files.resolve_lua,
    "dart": files.resolve_dart,
}


def resolve(statement: Import, language: str, importer: str, tree: Tree) -> Resolved:
    """Return the files of the workspace that an import statement leads to.

    Args:
        statement: As parsing gave it.
        language: Of the file it stands in; an unknown one resolves what is a relative path.
        importer: That file.
        tree: The files of the worktree.
    """
    return _RESOLVERS.get(language, files.resolve_file)(statement, importer, tree)
