"""What searches of one reader remember from query to query, as long as nobody has written to the index."""

import json
from collections.abc import Collection, Mapping, Sequence
from sqlite3 import Connection
from typing import TYPE_CHECKING, NamedTuple

from codelab.index.files.walk import Stamp
from codelab.index.searching import evidence
from codelab.index.searching.bm25 import Statistics

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_FILES = 20_000  # some 10 MB
_MOST_WORDS = 100_000
_MOST_HELD = 1_000_000  # 8 MB
_MOST_NAMES = 5_000  # most of which have few definitions
MOST_DEFINITIONS = 200
"""Of one name; and of all that a query may mean."""

Postings = tuple["NDArray[np.int64]", "NDArray[np.int64]"]
"""The chunks that hold a word, and those that hold it in their names."""


class IndexedFile(NamedTuple):
    """A file of the worktree.

    Attributes:
        path: Relative to the workspace.
        language: Of its content, or an empty string.
        top_names: The words of the names that it defines at the top level.
        stamp: Of the file when it was indexed.
    """

    path: str
    language: str
    top_names: str
    stamp: Stamp


class PathWord(NamedTuple):
    """How many paths hold a word.

    Attributes:
        paths: The number of paths.
        others: Other forms of the word, each with how many paths hold it.
        forms: The other forms alone.
    """

    paths: int
    others: Mapping[str, int]
    forms: frozenset[str]


class Definition(NamedTuple):
    """A definition: its chunk, its first line, its name and its qualified name."""

    chunk: int
    line: int
    name: str
    qualified: str


class Remembered:
    """How many passages hold each word, the words of paths, and what stands where. For one thread at a time.

    Call ``renew`` at the start of each transaction; it forgets all of it once another connection has written.
    """

    def __init__(self) -> None:
        self._version: tuple[int, int] | None = None
        self._passages = self._words = 0
        self._frequency: dict[str, int] = {}
        self._path_words: dict[str, PathWord] = {}
        self._files: dict[int, list[IndexedFile]] = {}
        self._definitions: dict[str, list[Definition]] = {}
        self._worktree = 0
        self.superseded: dict[str, bool] = {}
        self.postings: dict[str, Postings] = {}
        self._held = 0  # numbers in the postings

    def renew(self, connection: Connection, worktree: int) -> None:
        """Forget what may not be so any more.

        Args:
            connection: The index, always the same, in a transaction that has begun to read.
            worktree: The number of the worktree in it.
        """
        version = (connection.execute("PRAGMA data_version").fetchone()[0], worktree)
        if version != self._version:
            self._version, self._worktree = version, worktree
            self._passages, self._words = connection.execute("SELECT chunks, words FROM total").fetchone()
            self._frequency, self._path_words, self._files, self.superseded = {}, {}, {}, {}
            self._definitions = {}
            self.postings, self._held = {}, 0

    def keep_postings(self, word: str, postings: "Postings") -> None:
        """Remember which chunks hold a word."""
        if self._held > _MOST_HELD:
            self.postings, self._held = {}, 0
        self.postings[word] = postings
        self._held += sum(map(len, postings))

    def statistics(self, connection: Connection, terms: Sequence[str]) -> Statistics:
        """Return what BM25 needs to know of the passages in the index."""
        unknown = [term for term in terms if term not in self._frequency]
        if unknown:
            if len(self._frequency) > _MOST_WORDS:
                self._frequency, unknown = {}, list(terms)
            self._frequency.update(dict.fromkeys(unknown, 0))
            self._frequency.update(
                connection.execute(
                    "SELECT v.term, v.doc FROM json_each(?) j"
                    " CROSS JOIN chunk_vocabulary v ON v.term = j.value",
                    (json.dumps(unknown),),
                )
            )
        known = {term: self._frequency[term] for term in terms if self._frequency[term]}
        return Statistics(self._passages, self._words, known)

    def path_word(self, connection: Connection, word: str) -> PathWord:
        """Return how many paths hold a word, and other forms of it."""
        known = self._path_words.get(word)
        if known is None:
            if len(self._path_words) > _MOST_WORDS:
                self._path_words.clear()
            start = evidence.prefix(word)
            rows = connection.execute(
                "SELECT term, doc FROM path_vocabulary WHERE term >= ? AND term <= ?",
                (start or word, f"{start}\x7f" if start else word),
            ).fetchall()
            others = {other: paths for other, paths in rows if evidence.is_similar(word, other)}
            known = self._path_words[word] = PathWord(dict(rows).get(word, 0), others, frozenset(others))
        return known

    def files(self, connection: Connection, blobs: Collection[int]) -> dict[int, list[IndexedFile]]:
        """Return the files of the worktree that have some contents, by the number of the content."""
        unknown = [blob for blob in blobs if blob not in self._files]
        if unknown:
            if len(self._files) > _MOST_FILES:
                self._files, unknown = {}, list(blobs)
            self._files.update({blob: [] for blob in unknown})
            for blob, path, language, top_names, *stamp in connection.execute(
                "SELECT b.id, p.path, b.language, b.top_names, f.size, f.mtime_ns, f.ctime_ns, f.inode"
                " FROM json_each(?) j CROSS JOIN blob b ON b.id = j.value"
                " CROSS JOIN file f INDEXED BY file_of_blob ON f.blob = b.id AND f.worktree = ?"
                " CROSS JOIN path p ON p.id = f.path",
                (json.dumps(unknown), self._worktree),
            ):
                self._files[blob].append(IndexedFile(path, language, top_names, Stamp(*stamp)))
        return {blob: self._files[blob] for blob in blobs}

    def definitions(self, connection: Connection, name: str) -> list[Definition]:
        """Return the first definitions of a name in the worktree, whatever the case of its letters."""
        known = self._definitions.get(name)
        if known is None:
            if len(self._definitions) > _MOST_NAMES:
                self._definitions.clear()
            rows = connection.execute(
                "SELECT (SELECT c.id FROM chunk c WHERE c.id >= k.first_chunk"
                " AND c.id < k.first_chunk + k.chunks AND c.end_line >= d.start_line ORDER BY c.id LIMIT 1)"
                " AS chunk, d.start_line, d.name, d.qualified FROM definition d"
                " CROSS JOIN blob k ON k.id = d.blob WHERE d.name = ? COLLATE NOCASE AND chunk IS NOT NULL"
                " AND EXISTS (SELECT 1 FROM file f INDEXED BY file_of_blob"
                " WHERE f.blob = d.blob AND f.worktree = ?) LIMIT ?",
                (name, self._worktree, MOST_DEFINITIONS),
            )
            known = self._definitions[name] = [Definition(*row) for row in rows]
        return known
