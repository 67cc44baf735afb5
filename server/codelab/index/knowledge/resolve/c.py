"""C and C++: included files relative to the file, then wherever the path ends so."""

from codelab.index.knowledge.resolve.tree import ELSEWHERE, Link, Resolved, Tree, join, parent
from codelab.index.parsing.parsed import Import

# Headers of the C library: without a folder before them they are hardly ever the workspace's own.
_LIBRARY = frozenset(
    f"{name}.h"
    for name in (
        *("assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "iso646", "limits", "locale"),
        *("math", "memory", "setjmp", "signal", "stdalign", "stdarg", "stdatomic", "stdbool", "stddef"),
        *("stdint", "stdio", "stdlib", "string", "strings", "tgmath", "threads", "time", "uchar", "wchar"),
        *("wctype", "unistd", "fcntl", "dirent", "dlfcn", "pthread", "poll", "sched", "termios", "regex"),
    )
)


def resolve(statement: Import, importer: str, tree: Tree) -> Resolved:
    """Return the file that an include leads to."""
    written = statement.module.strip("\"'<> ").replace("\\", "/")
    path = join(parent(importer), written)
    if path is not None and path in tree.paths:
        return Resolved((Link(path),))
    plain = "/".join(part for part in written.split("/") if part not in {".", "..", ""})
    if not plain or plain in _LIBRARY:
        return ELSEWHERE
    found = tree.ending(plain, importer)
    return Resolved((Link(found),)) if found else ELSEWHERE
