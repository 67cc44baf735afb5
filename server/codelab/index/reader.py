"""What a face sees of the index: search, outlines, symbols and status, without ever writing to it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import TypeVar

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.building.progress import read_status, status_path
from codelab.index.files.content import Reader, to_utf8
from codelab.index.files.repository import Repository, find_repository, index_folder
from codelab.index.parsing.manifests import ecosystem_of
from codelab.index.searching import search
from codelab.index.searching.asked_kind import kind_meant
from codelab.index.searching.asked_language import languages_meant
from codelab.index.searching.asked_path import check_that_some_match, paths_meant
from codelab.index.searching.candidates import Candidate
from codelab.index.searching.overlay import OverlayCache, OverlayText, without_secrets
from codelab.index.searching.query import understand
from codelab.index.searching.remembered import Remembered
from codelab.index.searching.search import Filters, Sources
from codelab.index.searching.similar import SimilarPassages
from codelab.index.storing import database
from codelab.index.storing.current import CurrentIndex
from codelab.index.storing.definitions import definitions_in
from codelab.index.types import Hit, IndexStatus, RequiredPackage, Skipped, Symbol
from codelab.store import sqlite
from codelab.workspace.commits import Commit, recent_commits
from codelab.workspace.secrets import is_secret

_LARGEST_BYTES = 50_000_000  # of a file that is shown; what is indexed is limited by the settings
_REPARSED_BYTES = 1_000_000  # a larger file that changed since is shown by its lines, not parsed again
_PASSAGE_BYTES = 50_000  # a chunk is far shorter, but the line that it is a part of may be long
_STALE_ROUNDS = 3

_T = TypeVar("_T")


class IndexReader:
    """Reads the index of one workspace. May be used from several threads.

    The index is opened when first needed and again whenever it was made afresh; where there is none, or only
    a part, what there is is found.
    """

    def __init__(self, repository: Repository, places: Places, settings: Settings | None = None) -> None:
        self.repository = repository
        self._folder = index_folder(places, repository)
        self._status_path = status_path(places, repository)
        self._lock = threading.Lock()  # guards all that follows
        self._index = CurrentIndex(self._folder, self._connect)
        self._overlays = OverlayCache()
        self._remembered = Remembered()
        self._similar: SimilarPassages | None = None
        if settings is not None and sqlite.can_load_vectors():
            self._similar = SimilarPassages(places, settings)

    @classmethod
    def open(cls, root: Path, places: Places, settings: Settings | None = None) -> "IndexReader":
        """Return the reader of a workspace.

        Args:
            root: The workspace's folder.
            places: Where the index is kept.
            settings: Which embedder tells what is similar; without them words alone are compared.

        Raises:
            InputError: The folder is missing, not a folder, or unreadable.
        """
        return cls(find_repository(root), places, settings)

    def close(self) -> None:
        """Close the index; the next use opens it again."""
        with self._lock:
            self._index.close()

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        path: str = "",
        language: str = "",
        kind: str = "",
        overlay: Mapping[str, str] | None = None,
    ) -> list[Hit]:
        """Return the best passages for a query, best first, as their files or buffers stand now.

        Args:
            query: Words, names, or a question.
            limit: Most hits.
            path: Only files that match this pattern (as in .gitignore), or lie in this folder.
            language: Only passages in this language: its name, or the ending of its files.
            kind: Only passages of this kind, one of ``asked_kind.KINDS``.
            overlay: Texts of unsaved buffers by path; they are searched in place of what was indexed.

        Raises:
            InputError: There is no such language or kind, or no file that matches the pattern.
        """
        meant = paths_meant(path)
        understood, filters = understand(query), Filters(meant, languages_meant(language), kind_meant(kind))
        with self._lock:
            texts = {p: self._overlays.get(p, text) for p, text in without_secrets(overlay).items()}
            ranked: list[Candidate] = []
            for _ in range(_STALE_ROUNDS):
                sources = Sources(texts, self._remembered, query, self._similar)
                ask = partial(search.rank, query=understood, limit=limit, filters=filters, sources=sources)
                ranked, stale = self._with_text(self._ask(ask) or [])
                if not stale:
                    break
                texts |= stale
            found = [_hit(candidate) for candidate in ranked if candidate.text is not None]
            if not found and meant is not None and (paths := self._ask(_paths)):
                check_that_some_match(path, meant, [*paths, *texts])
            return found

    def outline(self, path: str, overlay: Mapping[str, str] | None = None) -> list[Symbol]:
        """Return the definitions of a file in order; empty if it is not indexed or defines nothing."""
        if is_secret(path):
            return []
        with self._lock:
            if overlay is not None and path in overlay:
                return _symbols(path, self._overlays.get(path, overlay[path]))
            rows = self._ask(partial(definitions_in, path=path)) or []
            return [Symbol(path, *row) for row in rows]

    def find_symbols(self, name: str, overlay: Mapping[str, str] | None = None) -> list[Symbol]:
        """Return the definitions of a name, qualified or not: exact ones first, then those in other case."""
        wanted = name.strip().replace("::", ".").replace("#", ".").replace("/", ".")
        if not wanted:
            return []
        last = wanted.rpartition(".")[2]
        with self._lock:
            found = self._ask(partial(_find_symbols, name=last)) or []
            texts = without_secrets(overlay)
            found = [symbol for symbol in found if symbol.path not in texts]
            for path, text in texts.items():
                symbols = _symbols(path, self._overlays.get(path, text))
                found += [symbol for symbol in symbols if symbol.name.lower() == last.lower()]
        if wanted != last:
            found = [s for s in found if f".{s.qualified}".lower().endswith(f".{wanted}".lower())]
        return sorted(found, key=lambda s: (s.name != last, len(s.qualified), s.path, s.start_line))

    def examine(
        self,
        question: Callable[[Connection, int, Mapping[str, OverlayText]], _T],
        overlay: Mapping[str, str] | None = None,
    ) -> _T | None:
        """Answer a question from one state of the index.

        Args:
            question: Given the index, the number of the worktree in it, and the unsaved texts by path. No two
                are asked at the same time.
            overlay: Texts of unsaved buffers by path.

        Returns:
            The answer, or None where there is no index or it cannot be read.
        """
        with self._lock:
            texts = {p: self._overlays.get(p, text) for p, text in without_secrets(overlay).items()}
            return self._ask(lambda connection, worktree: question(connection, worktree, texts))

    def text(self, path: str) -> bytes:
        """Return the text of a file of the workspace in UTF-8; empty where it cannot be read."""
        reader = Reader(self.repository.root)
        try:
            return b"" if is_secret(path) else to_utf8(reader.read(path, _LARGEST_BYTES)[0]) or b""
        except OSError:
            return b""
        finally:
            reader.close()

    def dependencies(self) -> list[RequiredPackage]:
        """Return what the dependency manifests of the workspace ask for, by path and line."""
        with self._lock:
            return self._ask(_dependencies) or []

    def recent_commits(self, path: str = "", limit: int = 10) -> list[Commit]:
        """Return the last commits of the branch, the newest first.

        Args:
            path: Only commits that changed this file or folder.
            limit: Most commits.
        """
        if self.repository.common is None:
            return []
        return recent_commits(self.repository.root, path, limit)

    def status(self) -> IndexStatus:
        """Return how the index stands, with what was left out of it."""
        status = read_status(self._status_path)
        with self._lock:
            skipped = self._ask(_skipped) or ()
            if not self._index.is_open and status.state in {"fresh", "building"}:
                return IndexStatus("missing" if status.state == "fresh" else "building")
        return replace(status, skipped=skipped)

    def _ask(self, question: Callable[[Connection, int], _T]) -> _T | None:
        """Answer from one state of the index; None where there is none or it cannot be read."""
        try:
            connection = self._index.open()
            if connection is None:
                return None
            connection.execute("BEGIN")
            try:
                row = connection.execute(
                    "SELECT id FROM worktree WHERE root = ?", (str(self.repository.root),)
                ).fetchone()
                return question(connection, row[0]) if row else None
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")
        except sqlite.Error as error:
            self._index.close()
            if database.is_damage(error):
                self._report_damage()
            return None

    def _connect(self, folder: Path) -> Connection | None:
        connection = database.open_for_reading(folder)
        if connection.execute("PRAGMA user_version").fetchone()[0] != database.SCHEMA_VERSION:
            connection.close()  # the worker is making it, or is about to
            return None
        self._remembered = Remembered()
        if self._similar is not None:
            self._similar.forget()
        return connection

    def _report_damage(self) -> None:
        try:
            database.damage_mark(self._folder).touch()
        except OSError:  # the worker finds the damage by itself at its next start
            return

    def _with_text(self, found: list[Candidate]) -> tuple[list[Candidate], dict[str, OverlayText]]:
        """Read the passages from their files; files that changed since come back as texts to search."""
        stale: dict[str, OverlayText] = {}
        by_path: dict[str, list[Candidate]] = {}
        for candidate in found:
            if candidate.stamp is not None:
                by_path.setdefault(candidate.path, []).append(candidate)
        reader = Reader(self.repository.root)
        try:
            for of_file in by_path.values():
                data = self._read(reader, of_file[0], stale)
                if data is None:
                    continue
                # Only as far as the passages go: the rest of a long file is left in one piece.
                lines = data.split(b"\n", max(one.end_line for one in of_file))
                for one in of_file:
                    passage = b"\n".join(lines[one.start_line - 1 : one.end_line])
                    if one.end_line < len(lines):
                        passage += b"\n"
                    one.text = passage[:_PASSAGE_BYTES].decode("utf-8", "replace") or None
        finally:
            reader.close()
        return found, stale

    def _read(self, reader: Reader, candidate: Candidate, stale: dict[str, OverlayText]) -> bytes | None:
        path, stamp = candidate.path, candidate.stamp
        try:
            raw, now = reader.read(path, _LARGEST_BYTES)
        except OSError:
            stale[path] = self._overlays.get(path, "")
            return None
        data = to_utf8(raw)
        if data is None:
            stale[path] = self._overlays.get(path, "")
            return None
        if stamp is not None and stamp.mtime_ns < 0:
            now = now._replace(mtime_ns=stamp.mtime_ns)
        if now != stamp and len(data) <= _REPARSED_BYTES:
            stale[path] = self._overlays.get(path, data.decode("utf-8", "replace"))
            return None
        return data


def _hit(candidate: Candidate) -> Hit:
    return Hit(
        candidate.path,
        candidate.start_line,
        candidate.end_line,
        round(candidate.score, 4),
        candidate.symbol,
        candidate.kind,
        candidate.text or "",
        candidate.reasons,
    )


def _symbols(path: str, text: OverlayText) -> list[Symbol]:
    return [Symbol(path, *row) for row in text.definitions]


def _paths(connection: Connection, worktree: int) -> list[str]:
    rows = connection.execute(
        "SELECT p.path FROM file f CROSS JOIN path p ON p.id = f.path WHERE f.worktree = ?", (worktree,)
    )
    return [path for (path,) in rows]


def _find_symbols(connection: Connection, worktree: int, name: str) -> list[Symbol]:
    rows = connection.execute(
        "SELECT p.path, d.name, d.qualified, d.kind, d.signature, d.start_line, d.end_line FROM definition d"
        " CROSS JOIN file f INDEXED BY file_of_blob ON f.blob = d.blob AND f.worktree = ?"
        " CROSS JOIN path p ON p.id = f.path WHERE d.name = ? COLLATE NOCASE LIMIT 1000",
        (worktree, name),
    )
    return [Symbol(*row) for row in rows]


def _dependencies(connection: Connection, worktree: int) -> list[RequiredPackage]:
    rows = connection.execute(
        "SELECT p.path, d.name, d.version, d.kind, d.line FROM (SELECT DISTINCT blob FROM dependency) m"
        " CROSS JOIN file f INDEXED BY file_of_blob ON f.blob = m.blob AND f.worktree = ?"
        " CROSS JOIN path p ON p.id = f.path CROSS JOIN dependency d ON d.blob = m.blob"
        " ORDER BY p.path, d.line, d.name",
        (worktree,),
    )
    return [RequiredPackage(path, ecosystem_of(path), *rest) for path, *rest in rows]


def _skipped(connection: Connection, worktree: int) -> tuple[Skipped, ...]:
    rows = connection.execute(
        "SELECT p.path, f.reason FROM file f CROSS JOIN path p ON p.id = f.path"
        " WHERE f.worktree = ? AND f.blob IS NULL ORDER BY p.path",
        (worktree,),
    )
    return tuple(Skipped(*row) for row in rows)
