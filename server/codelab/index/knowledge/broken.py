"""Import statements that lead nowhere though they name something of the workspace itself."""

from collections.abc import Callable, Iterable

from codelab.index.parsing.parsed import Import
from codelab.index.searching.demotion import demotion
from codelab.index.types import BrokenImport

_MOST_IN_BUNDLE = 20  # so many in one file mean that it was put together from others
_PLAIN = frozenset(("test", "spec", "fixtur", "mock", "doc", "exampl", "index", "init"))  # not demoted here


def broken_imports(
    missing: Iterable[tuple[str, Import]], read: Callable[[str], bytes], on_disk: Callable[[str], bool]
) -> list[BrokenImport]:
    """Sort out what is not meant to be there from imports that lead nowhere.

    Left out are those in vendored and generated files, in bundles, those tried within ``try``, and those that
    lead to files that are there without being indexed.

    Args:
        missing: Files and statements, as ``ImportGraph.missing`` gives them.
        read: Returns the text of a file.
        on_disk: Tells whether something by that path, whatever its ending, is there.
    """
    by_file: dict[str, list[Import]] = {}
    for path, statement in missing:
        by_file.setdefault(path, []).append(statement)
    found = []
    for path, statements in sorted(by_file.items()):
        if demotion(path, _PLAIN) < 1 or len(statements) > _MOST_IN_BUNDLE:
            continue
        lines = read(path).decode("utf-8", "replace").splitlines()
        found += [
            BrokenImport(path, one.line, one.module)
            for one in statements
            if not _is_tried(lines, one.line) and not on_disk(_place(path, one.module))
        ]
    return found


def _is_tried(lines: list[str], number: int) -> bool:
    """Tell whether a line stands within ``try``, or says that its import may be missing."""
    if not 0 < number <= len(lines):
        return True
    line = lines[number - 1]
    if "ignore" in line or "noqa" in line:
        return True
    indent = len(line) - len(line.lstrip())
    for above in reversed(lines[max(0, number - 40) : number - 1]):
        plain = above.strip()
        depth = len(above) - len(above.lstrip())
        if plain and depth < indent:
            if plain.startswith(("try", "with suppress", "with contextlib.suppress", "@ts-", "with self.")):
                return True
            indent = depth
    return False


def _place(path: str, module: str) -> str:
    folder = path.rpartition("/")[0]
    if module.startswith(("./", "../")):
        return f"{folder}/{module}"
    dots = len(module) - len(module.lstrip("."))
    ups = "/".join([".."] * (dots - 1))
    below = module[dots:].replace(".", "/")
    return "/".join(part for part in (folder if dots else "", ups, below) if part)
