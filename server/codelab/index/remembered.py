"""What searches of one reader remember from query to query, as long as nobody has written to the index."""

import json
from collections.abc import Collection, Iterable, Sequence
from sqlite3 import Connection
from typing import NamedTuple

from codelab.index.bm25 import Statistics
from codelab.index.walk import Stamp

_MOST_FILES = 20_000  # some 10 MB
_MOST_WORDS = 100_000


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


class Remembered:
    """How many passages hold each word, the words of paths, and what stands where. For one thread at a time.

    Call ``renew`` at the start of each transaction; it forgets all of it once another connection has written.
    """

    def __init__(self) -> None:
        self._version: tuple[int, int] | None = None
        self._passages = self._words = 0
        self._frequency: dict[str, int] = {}
        self._path_words: dict[str, list[str]] = {}
        self._files: dict[int, list[IndexedFile]] = {}
        self._worktree = 0
        self.superseded: dict[str, bool] = {}

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

    def path_words(self, connection: Connection, starts: Iterable[str]) -> set[str]:
        """Return the words of paths that begin in one of some ways."""
        found: set[str] = set()
        for start in starts:
            words = self._path_words.get(start)
            if words is None:
                if len(self._path_words) > _MOST_WORDS:
                    self._path_words.clear()
                rows = connection.execute(
                    "SELECT term FROM path_vocabulary WHERE term >= ? AND term < ?", (start, f"{start}\x7f")
                )
                words = self._path_words[start] = [row[0] for row in rows]
            found.update(words)
        return found

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
