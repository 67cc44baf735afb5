"""Passages that are about the same as a query, by their vectors, for the ranking.

A query is embedded once and remembered. An embedder elsewhere has a bounded time to answer; what it says too
late is there for the next search.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.core.errors import ModelError
from codelab.index.searching.nearest import BitMemory, nearest
from codelab.index.storing.vectors import StoredEmbedder, find_embedder, serving_embedder
from codelab.index.words import words_of
from codelab_models.embedders import BUNDLED, open_embedder, source_of, still_allowed
from codelab_models.embedding import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUERY_SECONDS = 1.0
"""The longest that a search waits for the vector of its query."""

_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Similar:
    """What the vectors say.

    Attributes:
        chunks: The nearest chunks with the cosine of the angle between their vector and the query's.
        note: Why there are none, or not the wanted ones, in words; empty if all is well.
    """

    chunks: Mapping[int, float] = field(default_factory=dict)
    note: str = ""


class SimilarPassages:
    """Finds similar passages for one reader of the index. Not for several threads at once.

    Args:
        places: Where the model host's folder is.
        settings: Which embedder is wanted.
        seconds: The longest that a search waits for a query's vector.
    """

    def __init__(self, places: Places, settings: Settings, *, seconds: float = QUERY_SECONDS) -> None:
        self._places, self._settings, self._seconds = places, settings, seconds
        self._source = source_of(settings.models)
        self._embedders: dict[str, Embedder | None] = {}
        self._memory = BitMemory()
        self._vectors: OrderedDict[tuple[str, str], Future[Any]] = OrderedDict()

    def forget(self) -> None:
        """Let go of what is known of the index; call it when it was made afresh."""
        self._memory.forget()

    def find(
        self, connection: Connection, worktree: int, query: str, limit: int, also: Collection[int] = ()
    ) -> Similar:
        """Return the passages of a worktree that are nearest to a query; none, and why, where that fails.

        Args:
            connection: The index, with sqlite-vec loaded, in a transaction.
            worktree: The worktree's number in it.
            query: As the person or the model wrote it.
            limit: Most passages.
            also: Chunks that are compared as well, however near they are.
        """
        if not self._source or not query.strip():
            return Similar()
        try:
            stored, embedder, note = self._choose(connection, worktree)
            if stored is None or embedder is None:
                return Similar(note=note)
            vector = self._vector(embedder, query)
        except Late:
            return Similar(note=f"the query's vector did not come within {self._seconds:g} s")
        except ModelError as error:
            return Similar(note=str(error))
        if len(vector) != stored.dimensions:
            return Similar(note="the embedder's vectors have another length than those in the index")
        memory = self._memory
        found = nearest(connection, worktree, vector, limit, embedder=stored, memory=memory, also=also)
        return Similar(dict(found), note)

    def cosines(self, query: str, passages: Sequence[str]) -> list[float]:
        """Return how near passages that are not in the index are to a query; 0 where that costs too much.

        Args:
            query: As the person or the model wrote it.
            passages: The words of each, as the index splits them.
        """
        none = [0.0] * len(passages)
        if self._source != BUNDLED or not query.strip() or not passages:
            return none  # a server is not asked about every unsaved text
        embedder = self._open(self._source)
        if embedder is None:
            return none
        found: list[float] = (embedder.embed_passages(passages) @ self._vector(embedder, query)).tolist()
        return found

    def _choose(
        self, connection: Connection, worktree: int
    ) -> tuple[StoredEmbedder | None, Embedder | None, str]:
        """Return what serves: the wanted embedder once it is complete, until then the one before it."""
        wanted = self._open(self._source)
        if wanted is None:
            return None, None, "the embedder is not there"
        serving = serving_embedder(connection, worktree)
        if serving is not None and serving.recipe == wanted.recipe:
            return serving, wanted, ""
        if serving is not None and (allowed := still_allowed(serving.source, self._settings.models)):
            before = self._open(allowed)
            if before is not None and before.recipe == serving.recipe:
                return serving, before, f"vectors of {serving.recipe} until the new ones are complete"
        partly = find_embedder(connection, wanted.recipe)
        note = "not all passages have vectors yet" if partly else "no passage has a vector yet"
        return partly, wanted, note

    def _open(self, source: str) -> Embedder | None:
        if source not in self._embedders:
            self._embedders[source] = open_embedder(source, self._places, self._settings, os.environ)
        return self._embedders[source]

    def _vector(self, embedder: Embedder, query: str) -> "NDArray[np.float32]":
        text = words_of(query) if embedder.takes_words else query
        key = (embedder.recipe, text)
        asked = self._vectors.get(key)
        if asked is None or (asked.done() and asked.exception() is not None):
            asked = self._vectors[key] = Future()
            if embedder.takes_words:  # it is in this process, and takes less than a thread would
                _embed(embedder, text, asked)
            else:
                threading.Thread(target=_embed, args=(embedder, text, asked), daemon=True).start()
            if len(self._vectors) > _REMEMBERED:
                self._vectors.popitem(last=False)
        self._vectors.move_to_end(key)
        vector: NDArray[np.float32] = asked.result(self._seconds)[0]
        return vector


def _embed(embedder: Embedder, text: str, answer: "Future[Any]") -> None:
    try:
        answer.set_result(embedder.embed_queries([text]))
    except Exception as error:  # it is raised where the answer is waited for
        answer.set_exception(error)
