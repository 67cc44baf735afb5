"""Which file imports which: resolved in memory, and after a change only what the change touches."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from codelab.index.knowledge.resolve import Resolved, Tree, resolve
from codelab.index.parsing.parsed import Import

_MOST_HOPS = 5  # of names that are handed on from file to file


class Content(NamedTuple):
    """What stands at a path: something that changes with the text, and the language."""

    key: int | bytes
    language: str


class ResolvedImport(NamedTuple):
    """An import statement and what it leads to."""

    statement: Import
    resolved: Resolved


class ImportGraph:
    """The imports of a worktree's files. Not for several threads at once."""

    def __init__(self) -> None:
        self.files: dict[str, Content] = {}
        self.tree = Tree((), lambda path: "")
        self._imports: dict[str, list[ResolvedImport]] = {}
        self._importers: dict[str, set[str]] = {}

    def update(
        self,
        files: Mapping[str, Content],
        load: Callable[[Collection[str]], Mapping[str, Sequence[Import]]],
        read: Callable[[str], str],
        namespaces: Callable[[], Mapping[str, Sequence[str]]],
    ) -> None:
        """Take note of what the files are now.

        Args:
            files: All files of the worktree.
            load: Returns the import statements of some of them.
            read: Returns the text of a file, for manifests.
            namespaces: Returns the files that declare each namespace.
        """
        before = self.files
        changed = {path for path, content in files.items() if before.get(path) != content}
        same_paths = len(files) == len(before) and all(path in before for path in changed)
        if same_paths and not changed:
            return
        self.files = dict(files)
        if not same_paths or any(self.tree.was_read(path) for path in changed):
            # Any file may stand in another's way, so everything is resolved again.
            self.tree = Tree(files, read, namespaces)
            known = {
                p: [one.statement for one in self._imports.get(p, ())] for p in files if p not in changed
            }
            self._imports, self._importers = {}, {}
            self._add(known | dict(load(changed)))
            return
        for path in changed:
            for target in self._targets(path):
                self._importers[target].discard(path)
        self._add(load(changed))

    def imports(self, path: str) -> Sequence[ResolvedImport]:
        """Return a file's import statements in order."""
        return self._imports.get(path, ())

    def importers(self, path: str) -> list[str]:
        """Return the files that import a file, in order."""
        return sorted(self._importers.get(path, ()))

    def imported(self, path: str) -> set[str]:
        """Return the files that a file imports."""
        return set(self._targets(path)) - {path}

    def missing(self) -> Iterable[tuple[str, Import]]:
        """Yield the statements that lead nowhere though they should, with their files."""
        for path, found in self._imports.items():
            for one in found:
                if one.resolved.missing:
                    yield path, one.statement

    def reached(self, path: str, name: str, definers: Collection[str]) -> set[str]:
        """Return which of the files that define a name a file means by it.

        Args:
            path: A file that imports the name, or hands it on.
            name: The name.
            definers: All files that define it.

        Returns:
            Those that its import statements lead to by name or by ``*``, over several files where need be.
        """
        found: set[str] = set()
        seen = {path}
        level = [path]
        for _ in range(_MOST_HOPS):
            below = []
            for one in level:
                for statement in self.imports(one):
                    for link in statement.resolved.links:
                        if name in link.names or "*" in link.names:
                            if link.path in definers:
                                found.add(link.path)
                            elif link.path not in seen:
                                seen.add(link.path)
                                below.append(link.path)
            level = below
        return found

    def _add(self, statements: Mapping[str, Sequence[Import]]) -> None:
        tree, files = self.tree, self.files
        for path, imports in statements.items():
            language = files[path].language
            self._imports[path] = [ResolvedImport(one, resolve(one, language, path, tree)) for one in imports]
            for target in self._targets(path):
                self._importers.setdefault(target, set()).add(path)

    def _targets(self, path: str) -> Iterable[str]:
        return [link.path for one in self._imports.get(path, ()) for link in one.resolved.links]
