"""Bring files into the index: read, look their contents up, parse the new ones, commit now and then."""

import time
from collections.abc import Callable, Collection, Sequence
from sqlite3 import Connection
from typing import NamedTuple

from codelab.index.building.pool import Outcome, ParserPool, Text
from codelab.index.files.content import Reader, blob_key, to_utf8
from codelab.index.files.walk import Stamp
from codelab.index.parsing.analyse import Analysed
from codelab.index.parsing.manifests import format_of
from codelab.index.storing import writer
from codelab.index.storing.writer import Counts, Known
from codelab_grammars.languages import language_of

_HEAD_BYTES = 8192
_UNSETTLED_NS = 100_000_000  # a file changed so shortly before it was read may change again unseen
_WAITING_BYTES = 4_000_000  # of text on its way to the parsing processes: bounds their memory and ours
_BYTES_BESIDE = 2_000  # that a text on its way takes beside itself; there may be very many tiny ones
_COMMIT_FILES = 400
_COMMIT_SECONDS = 1.0


class Entry(NamedTuple):
    """What now stands at a path, with the figures of its content if it has one."""

    path: str
    known: Known
    counts: Counts | None


class _Content(NamedTuple):
    """A content that is being parsed, and the files that have it."""

    key: bytes
    size: int
    files: list[tuple[str, Stamp]]


Commit = Callable[[Collection[str], Sequence[Entry]], None]


class Batch:
    """One set of changes on its way into the index.

    Args:
        connection: The index, open for writing.
        worktree: Its number.
        reader: Reads the files.
        pool: Parses their contents.
        max_bytes: Larger files are left out.
        committed: Called after each commit with the paths that are gone and the entries that are in.
        check: Called before each commit; what it raises ends the batch.
    """

    def __init__(
        self,
        connection: Connection,
        worktree: int,
        reader: Reader,
        pool: ParserPool,
        *,
        max_bytes: int,
        committed: Commit,
        check: Callable[[], None],
    ) -> None:
        self._connection, self._worktree = connection, worktree
        self._reader, self._pool, self._max_bytes = reader, pool, max_bytes
        self._committed, self._check = committed, check
        self._gone: set[str] = set()
        self._entries: list[Entry] = []
        self._found: list[tuple[str, Stamp, bytes]] = []  # files whose content is in the index
        self._parsed: list[tuple[_Content, Outcome]] = []
        self._contents: dict[int, _Content] = {}
        self._numbers: dict[bytes, int] = {}
        self._given = 0
        self._waiting_bytes = 0
        self._last_commit = time.monotonic()
        self._again: list[str] = []

    def remove(self, paths: Collection[str]) -> None:
        """Take paths out of the worktree."""
        self._gone.update(paths)

    def refuse(self, path: str, known: Known) -> None:
        """Note why a path is left out."""
        self._entries.append(Entry(path, known, None))

    def add(self, path: str) -> None:
        """Read a file and bring its content in; one that cannot be read is left out."""
        try:
            raw, stamp = self._reader.read(path, self._max_bytes)
        except FileNotFoundError:
            self._gone.add(path)
            return
        except OSError as error:
            self.refuse(path, Known(Stamp(-1, 0, 0, 0), None, f"cannot be read ({error.strerror})"))
            return
        if abs(stamp.mtime_ns - time.time_ns()) < _UNSETTLED_NS:  # far ahead is the clock's fault
            stamp = stamp._replace(mtime_ns=-1)
        data = to_utf8(raw)
        if data is None:
            self.refuse(path, Known(stamp, None, "binary"))
        else:
            self._add_text(path, stamp, data)
        self._collect(wait=self._waiting_bytes > _WAITING_BYTES)

    def finish(self) -> None:
        """Wait for what is being parsed and commit the rest."""
        for outcomes in self._pool.drain():
            self._keep(outcomes)
            self._commit_if_due()
        self._commit()
        again, self._again = self._again, []
        if again:  # another writer dropped a content between our look and our commit
            for path in again:
                self.add(path)
            self.finish()

    def _add_text(self, path: str, stamp: Stamp, data: bytes) -> None:
        key = blob_key(data, language_of(path, data[:_HEAD_BYTES]), format_of(path))
        if (number := self._numbers.get(key)) is not None:
            self._contents[number].files.append((path, stamp))
        elif writer.find_blobs(self._connection, [key]):
            self._found.append((path, stamp, key))
        else:
            self._given += 1
            number = self._given
            self._numbers[key] = number
            self._contents[number] = _Content(key, len(data) + _BYTES_BESIDE, [(path, stamp)])
            self._waiting_bytes += len(data) + _BYTES_BESIDE
            self._pool.give(Text(number, path, data))

    def _collect(self, *, wait: bool) -> None:
        if wait:
            self._pool.send()
        self._keep(self._pool.take(wait=wait))
        self._commit_if_due()

    def _keep(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            content = self._contents[outcome.number]
            self._waiting_bytes -= content.size
            self._parsed.append((content, outcome))

    def _commit_if_due(self) -> None:
        ready = len(self._parsed) + len(self._found) + len(self._entries)
        if ready >= _COMMIT_FILES or (ready and time.monotonic() - self._last_commit > _COMMIT_SECONDS):
            self._commit()

    def _commit(self) -> None:
        self._check()
        with writer.transaction(self._connection):
            writer.unmap_files(self._connection, self._worktree, self._gone)
            self._write_contents()
            stored = writer.find_blobs(self._connection, list({key for _, _, key in self._found}))
            for path, stamp, key in self._found:
                if (found := stored.get(key)) is None:
                    self._again.append(path)
                else:
                    self._entries.append(Entry(path, Known(stamp, found[0], ""), found[1]))
            writer.map_files(self._connection, self._worktree, self._entries)
        self._committed(self._gone, self._entries)
        for content, _ in self._parsed:  # from now on its files find it in the index
            self._contents.pop(self._numbers.pop(content.key, 0), None)
        self._gone, self._entries, self._found, self._parsed = set(), [], [], []
        self._last_commit = time.monotonic()

    def _write_contents(self) -> None:
        good: list[_Content] = []
        rows: list[tuple[bytes, Analysed]] = []
        for content, outcome in self._parsed:
            if outcome.rows is None:
                known = [(path, Known(stamp, None, outcome.reason)) for path, stamp in content.files]
                self._entries += [Entry(path, refused, None) for path, refused in known]
            else:
                good.append(content)
                rows.append((content.key, outcome.rows))
        for content, (blob, counts) in zip(good, writer.write_blobs(self._connection, rows), strict=True):
            self._entries += [Entry(path, Known(stamp, blob, ""), counts) for path, stamp in content.files]
