"""What a face may ask about how the code hangs together."""

from collections.abc import Sequence
from pathlib import Path

from codelab.index.knowledge.repo_map import RepoMap
from codelab.index.knowledge.report import Report
from codelab.index.types import Caller, FoundDefinition, ImportedModule, Usage
from codelab.workbench.knowledge import Knowledge
from codelab.workspace.paths import relative


class Code:
    """Definitions, uses and imports of a workspace; the part ``code`` of its workbench.

    Args:
        root: The workspace; paths are relative to it.
        knowledge: Its index, with the unsaved texts of all faces.
    """

    def __init__(self, root: Path, knowledge: Knowledge) -> None:
        self._root = root
        self._knowledge = knowledge

    async def definitions(self, name: str, seen_from: str = "") -> list[FoundDefinition]:
        """Return what a name (``send``, ``Client.send``) may mean, the surest first.

        Args:
            name: The name.
            seen_from: The file in which it stands, if any.
        """
        return await self._knowledge.definitions(name, self._file(seen_from))

    async def references(self, name: str, *, defined_in: str = "", limit: int = 200) -> list[Usage]:
        """Return the uses of a name, the surest first.

        Args:
            name: The name, with or without its containers.
            defined_in: Only what means a definition in this file.
            limit: Most uses.
        """
        return await self._knowledge.references(name, self._file(defined_in), limit)

    async def callers(self, name: str, *, defined_in: str = "") -> list[Caller]:
        """Return what calls a function, method or class, the surest first."""
        return await self._knowledge.callers(name, self._file(defined_in))

    async def callees(self, name: str, *, defined_in: str = "") -> list[FoundDefinition]:
        """Return the workspace's definitions that a function, method or class calls, the surest first."""
        return await self._knowledge.callees(name, self._file(defined_in))

    async def imports(self, path: str) -> list[ImportedModule]:
        """Return a file's import statements, with the files of the workspace that they lead to."""
        return await self._knowledge.imports(relative(self._root, path))

    async def importers(self, path: str) -> list[str]:
        """Return the files that import a file."""
        return await self._knowledge.importers(relative(self._root, path))

    async def repo_map(self, *, tokens: int = 1500, files: Sequence[str] = (), words: str = "") -> RepoMap:
        """Return a map of the repository: its most used definitions by file, the best first.

        Args:
            tokens: The most that its text may have, at four characters each.
            files: Files or folders that it is about.
            words: Words that it is about.
        """
        return await self._knowledge.repo_map(tokens, [relative(self._root, path) for path in files], words)

    async def report(self) -> Report:
        """Return what the index holds, what it lacks, and how fast it answers."""
        return await self._knowledge.report()

    def _file(self, path: str) -> str:
        return relative(self._root, path) if path else ""
