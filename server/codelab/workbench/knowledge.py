"""What a face knows of the workspace: the index, with unsaved text in place of what is on disk."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from typing import TypeVar

from codelab.index.knowledge.code_graph import CodeGraph
from codelab.index.knowledge.repo_map import RepoMap
from codelab.index.knowledge.report import Report, make_report
from codelab.index.reader import IndexReader
from codelab.index.supervisor import IndexSupervisor
from codelab.index.types import Caller, FoundDefinition, Hit, ImportedModule, IndexStatus, Symbol, Usage
from codelab.store.overlay import Overlay

_INDEX_SECONDS = 120.0  # the longest that a search waits for a first index; then it finds what there is

_T = TypeVar("_T")


class Knowledge:
    """Searches the index of a workspace; its worker is started by the first who wants to know something.

    Args:
        index: Keeps an index worker at work.
        reader: Searches the index.
        overlay: Unsaved buffers.
    """

    def __init__(self, index: IndexSupervisor, reader: IndexReader, overlay: Overlay) -> None:
        self._index = index
        self._reader = reader
        self._graph = CodeGraph(reader)
        self._overlay = overlay
        self._started = False
        self._ever_complete = False

    async def search(
        self, query: str, *, limit: int = 10, path: str = "", language: str = "", kind: str = ""
    ) -> list[Hit]:
        """Return the best passages for a query; waits for the first index of a workspace that has none.

        An index from before is answered from at once, while the worker brings it up to date: passages are
        compared with the files as they are now in any case.
        """
        await self._until_complete()

        def look() -> list[Hit]:
            return self._reader.search(
                query, limit=limit, path=path, language=language, kind=kind, overlay=self._unsaved()
            )

        return await asyncio.to_thread(look)

    async def outline(self, path: str) -> list[Symbol]:
        """Return the definitions of a file in order."""
        return await asyncio.to_thread(lambda: self._reader.outline(path, self._unsaved()))

    async def definitions(self, name: str, seen_from: str = "") -> list[FoundDefinition]:
        """Return what a name may mean, the surest first; as ``CodeGraph.definitions``."""
        return await self._of_graph(
            lambda: self._graph.definitions(name, seen_from=seen_from, overlay=self._unsaved())
        )

    async def references(self, name: str, defined_in: str = "", limit: int = 200) -> list[Usage]:
        """Return the uses of a name, the surest first; as ``CodeGraph.references``."""
        return await self._of_graph(
            lambda: self._graph.references(name, defined_in=defined_in, limit=limit, overlay=self._unsaved())
        )

    async def callers(self, name: str, defined_in: str = "") -> list[Caller]:
        """Return what calls a function, method or class."""
        return await self._of_graph(
            lambda: self._graph.callers(name, defined_in=defined_in, overlay=self._unsaved())
        )

    async def callees(self, name: str, defined_in: str = "") -> list[FoundDefinition]:
        """Return the definitions of the workspace that a function, method or class calls."""
        return await self._of_graph(
            lambda: self._graph.callees(name, defined_in=defined_in, overlay=self._unsaved())
        )

    async def imports(self, path: str) -> list[ImportedModule]:
        """Return a file's import statements, with the files that they lead to."""
        return await self._of_graph(lambda: self._graph.imports(path, overlay=self._unsaved()))

    async def importers(self, path: str) -> list[str]:
        """Return the files that import a file."""
        return await self._of_graph(lambda: self._graph.importers(path, overlay=self._unsaved()))

    async def repo_map(self, tokens: int, files: Collection[str] = (), words: str = "") -> RepoMap:
        """Return a map of the repository; as ``CodeGraph.repo_map``."""
        return await self._of_graph(
            lambda: self._graph.repo_map(tokens=tokens, files=files, words=words, overlay=self._unsaved())
        )

    async def report(self) -> Report:
        """Return what the index holds and how good it is."""
        return await self._of_graph(lambda: make_report(self._graph, self._unsaved()))

    async def _of_graph(self, look: Callable[[], _T]) -> _T:
        await self._until_complete()
        return await asyncio.to_thread(look)

    async def _until_complete(self) -> None:
        self.start()
        if not self._ever_complete:
            if not (await asyncio.to_thread(self._reader.status)).updated_at:
                await self._index.wait_fresh(_INDEX_SECONDS)
            self._ever_complete = True

    def _unsaved(self) -> dict[str, str]:
        return {buffer.path: buffer.text for buffer in self._overlay.buffers().values()}

    async def status(self, *, start: bool) -> IndexStatus:
        """Return how the index stands; ``start`` sees to it that a worker is at work."""
        if start:
            self.start()
        return await asyncio.to_thread(self._index.status)

    def progress(self, *, vectors: bool = False) -> AsyncIterator[IndexStatus]:
        """Yield the status now and when it changes while the index is being built; ends when it is not.

        Args:
            vectors: Go on until all vectors are there as well, or cannot be made.
        """
        self.start()
        return self._index.progress(vectors=vectors)

    async def set_paused(self, *, paused: bool) -> None:
        """Pause the indexing, for all faces of the workspace, or let it go on."""
        await asyncio.to_thread(self._index.set_paused, paused=paused)

    async def is_worker_alive(self) -> bool:
        """Tell whether a worker of any face is there."""
        return await asyncio.to_thread(self._index.is_worker_alive)

    def start(self) -> None:
        """See to it that a worker is at work."""
        if not self._started:
            self._started = True
            self._index.start()

    async def close(self) -> None:
        """Let the worker go."""
        await self._index.stop()
        self._reader.close()
