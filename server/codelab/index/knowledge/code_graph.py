"""How the code hangs together: definitions, references, callers, callees, imports and importers."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from sqlite3 import Connection
from typing import NamedTuple, TypeVar

from codelab.index.knowledge import usages
from codelab.index.knowledge.import_graph import Content, ImportGraph
from codelab.index.knowledge.map_edges import Edges, collect
from codelab.index.knowledge.names import last_part, named, plain_name
from codelab.index.knowledge.repo_map import RepoMap, draw
from codelab.index.knowledge.usages import CONFIDENCES, Scope
from codelab.index.parsing.facts import Use, unpack_imports
from codelab.index.parsing.parsed import DefinitionRow, Import
from codelab.index.reader import IndexReader
from codelab.index.searching.overlay import OverlayText
from codelab.index.storing.definitions import definitions_in, definitions_of
from codelab.index.types import Caller, FoundDefinition, ImportedModule, Symbol, Usage

MOST_USAGES = 200
_MOST_LIKELY = 5  # definitions shown for a name that nothing but its letters ties to any of them

Overlay = Mapping[str, str] | None
_T = TypeVar("_T")


class View(NamedTuple):
    """One state of the index with the unsaved texts over it."""

    connection: Connection
    worktree: int
    texts: Mapping[str, OverlayText]
    graph: ImportGraph


class _Place(NamedTuple):
    path: str
    line: int
    kind: str
    holder: DefinitionRow | None
    confidence: str


class CodeGraph:
    """Answers from the index how definitions and files refer to each other, on any thread.

    All paths are relative to the workspace. ``overlay`` holds the texts of unsaved buffers by path; they
    count in place of the files. Where there is no index, everything is empty.

    Args:
        reader: Reads the index.
    """

    def __init__(self, reader: IndexReader) -> None:
        self.reader = reader
        self._graph = ImportGraph()  # this and what follows: only within ``IndexReader.examine``
        self._state: tuple[object, ...] = ()
        self._indexed: dict[str, Content] = {}
        self._edges: tuple[object, Edges] | None = None

    def definitions(
        self, name: str, *, seen_from: str = "", overlay: Overlay = None
    ) -> list[FoundDefinition]:
        """Return what a name may mean, the surest first.

        Args:
            name: Qualified or not.
            seen_from: The file in which the name stands; without one all is as sure.
            overlay: Unsaved texts.
        """
        wanted = plain_name(name)

        def look(view: View) -> list[FoundDefinition]:
            found = named(_definitions(view, last_part(wanted)), wanted)
            if not seen_from:
                return [FoundDefinition(one, CONFIDENCES[0]) for one in sorted(found, key=_shown_first)]
            meant = Scope(last_part(wanted), found, view.graph).meant(seen_from)
            return _surest_first(meant.items())

        return self.look(look, overlay) or []

    def definitions_at(self, path: str, line: int, *, overlay: Overlay = None) -> list[FoundDefinition]:
        """Return the definitions of the names that a line uses or defines, the surest first."""

        def look(view: View) -> list[FoundDefinition]:
            names = {use.name for use in _uses(view, path) if line in use.lines}
            own = [
                FoundDefinition(Symbol(path, *row), CONFIDENCES[0])
                for row in _rows(view, path)
                if row[4] == line
            ]
            return own + _resolved(view, path, "", names)

        return self.look(look, overlay) or []

    def references(
        self, name: str, *, defined_in: str = "", limit: int = MOST_USAGES, overlay: Overlay = None
    ) -> list[Usage]:
        """Return the uses of a name, the surest first, then by file and line.

        Args:
            name: Qualified or not. Uses that surely mean another definition of that name are left out.
            defined_in: Only what means a definition in this file.
            limit: Most uses.
            overlay: Unsaved texts.
        """

        def look(view: View) -> list[_Place]:
            return _places(view, plain_name(name), defined_in)

        places = (self.look(look, overlay) or [])[:limit]
        lines: dict[str, Sequence[bytes]] = {}
        found = []
        for place in places:
            if place.path not in lines:
                unsaved = (overlay or {}).get(place.path)
                data = self.reader.text(place.path) if unsaved is None else unsaved.encode("utf-8", "replace")
                lines[place.path] = data.splitlines()
            text = _line(lines[place.path], place.line, last_part(plain_name(name)))
            holder = place.holder[1] if place.holder else ""
            found.append(Usage(place.path, place.line, place.kind, holder, place.confidence, text))
        return found

    def callers(self, name: str, *, defined_in: str = "", overlay: Overlay = None) -> list[Caller]:
        """Return what calls a function, method or class, the surest first, then by file and line."""

        def look(view: View) -> list[Caller]:
            by_holder: dict[tuple[str, DefinitionRow | None], list[_Place]] = {}
            for place in _places(view, plain_name(name), defined_in):
                if place.kind == "call":
                    by_holder.setdefault((place.path, place.holder), []).append(place)
            return [
                Caller(
                    path,
                    holder[1] if holder else "",
                    holder[2] if holder else "module",
                    tuple(place.line for place in places),
                    places[0].confidence,
                )
                for (path, holder), places in by_holder.items()
            ]

        return self.look(look, overlay) or []

    def callees(self, name: str, *, defined_in: str = "", overlay: Overlay = None) -> list[FoundDefinition]:
        """Return the workspace's definitions that a function, method or class calls, the surest first."""
        wanted = plain_name(name)

        def look(view: View) -> list[FoundDefinition]:
            found: dict[Symbol, str] = {}
            for one in named(_definitions(view, last_part(wanted)), wanted):
                if defined_in in ("", one.path):
                    names = {
                        use.name
                        for use in _uses(view, one.path)
                        if use.kind == "call" and any(one.start_line <= n <= one.end_line for n in use.lines)
                    }
                    for callee in _resolved(view, one.path, one.qualified, names):
                        found.setdefault(callee.symbol, callee.confidence)
            return _surest_first(found.items())

        return self.look(look, overlay) or []

    def imports(self, path: str, *, overlay: Overlay = None) -> list[ImportedModule]:
        """Return a file's import statements in order, with the files of the workspace they lead to."""

        def look(view: View) -> list[ImportedModule]:
            return [
                ImportedModule(
                    *one.statement[:2], one.statement.line, tuple(p for p, _ in one.resolved.links)
                )
                for one in view.graph.imports(path)
            ]

        return self.look(look, overlay) or []

    def importers(self, path: str, *, overlay: Overlay = None) -> list[str]:
        """Return the files that import a file, in order."""
        return self.look(lambda view: view.graph.importers(path), overlay) or []

    def repo_map(
        self, *, tokens: int = 1500, files: Collection[str] = (), words: str = "", overlay: Overlay = None
    ) -> RepoMap:
        """Return a map of the repository: its most used definitions by file.

        Args:
            tokens: The most that its text may have, counted as ``repo_map.tokens_of`` does.
            files: Files or folders that it is about.
            words: Words that it is about.
            overlay: Unsaved texts.
        """

        def look(view: View) -> Edges:
            state = (self._state, tuple((path, text.key) for path, text in view.texts.items()))
            if self._edges is None or self._edges[0] != state:
                self._edges = (state, collect(*view))
            return self._edges[1]

        edges = self.look(look, overlay)
        return draw(edges or Edges([], [], [], [], [], []), tokens=tokens, files=files, words=words)

    def look(self, question: Callable[[View], _T], overlay: Overlay) -> _T | None:
        """Answer a question from one state of the index; None where there is none."""
        return self.reader.examine(lambda c, w, texts: question(self.view(c, w, texts)), overlay)

    def view(self, connection: Connection, worktree: int, texts: Mapping[str, OverlayText]) -> View:
        """Bring the imports up to date with a state of the index; only within ``IndexReader.examine``."""
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        state = (id(connection), worktree, version)
        if state != self._state:
            rows = connection.execute(
                "SELECT p.path, f.blob, b.language FROM file f CROSS JOIN path p ON p.id = f.path"
                " CROSS JOIN blob b ON b.id = f.blob WHERE f.worktree = ?",
                (worktree,),
            )
            self._indexed = {path: Content(blob, language) for path, blob, language in rows}
            self._state = state
        files = self._indexed
        if texts:
            files = files | {path: Content(text.key, text.language) for path, text in texts.items()}
        view = View(connection, worktree, texts, self._graph)
        self._graph.update(
            files,
            lambda paths: _imports(view, files, paths),
            lambda path: (
                "".join(texts[path].lines)
                if path in texts
                else self.reader.text(path).decode("utf-8", "replace")
            ),
            lambda: _namespaces(view),
        )
        return view


def _imports(view: View, files: Mapping[str, Content], paths: Collection[str]) -> dict[str, Sequence[Import]]:
    found: dict[str, Sequence[Import]] = {p: view.texts[p].imports for p in paths if p in view.texts}
    blobs = {files[path].key for path in paths if path not in view.texts}
    packed: dict[object, Sequence[Import]] = {}
    if len(blobs) > 100:  # reading all at once is cheaper than looking each up
        rows: Iterable[tuple[int, str]] = view.connection.execute("SELECT id, imports FROM blob")
    else:
        marks = ",".join("?" * len(blobs))
        rows = view.connection.execute(f"SELECT id, imports FROM blob WHERE id IN ({marks})", tuple(blobs))  # noqa: S608 - as many marks as values
    for blob, text in rows:
        if blob in blobs:
            packed[blob] = unpack_imports(text)
    found.update({path: packed.get(files[path].key, ()) for path in paths if path not in view.texts})
    return found


def _namespaces(view: View) -> dict[str, list[str]]:
    rows = view.connection.execute(
        "SELECT DISTINCT d.qualified, p.path FROM definition d"
        " CROSS JOIN file f INDEXED BY file_of_blob ON f.blob = d.blob AND f.worktree = ?"
        " CROSS JOIN path p ON p.id = f.path WHERE d.kind = 'namespace' ORDER BY p.path",
        (view.worktree,),
    )
    found: dict[str, list[str]] = {}
    for name, path in rows:
        found.setdefault(name, []).append(path)
    return found


def _definitions(view: View, *names: str) -> list[Symbol]:
    found = definitions_of(view.connection, view.worktree, names)
    symbols = [one for one in found if one.path not in view.texts]
    for path, text in view.texts.items():
        symbols += [Symbol(path, *row) for row in text.definitions if row[0] in names]
    code = [one for one in symbols if one.kind not in usages.NOT_CODE]
    return code or symbols


def _rows(view: View, path: str) -> Sequence[DefinitionRow]:
    if path in view.texts:
        return view.texts[path].definitions
    return definitions_in(view.connection, view.worktree, path)


def _uses(view: View, path: str) -> list[Use]:
    return (
        view.texts[path].uses if path in view.texts else usages.uses_in(view.connection, view.worktree, path)
    )


def _places(view: View, wanted: str, defined_in: str) -> list[_Place]:
    name = last_part(wanted)
    definitions = _definitions(view, name)
    targets = {one for one in named(definitions, wanted) if defined_in in ("", one.path)}
    if not name or (definitions and not targets):
        return []
    scope = Scope(name, definitions, view.graph)
    by_file: dict[str, list[Symbol]] = {}
    for one in targets:
        by_file.setdefault(one.path, []).append(one)
    found = usages.using_files(view.connection, view.worktree, name)
    overlay = {path: text.uses for path, text in view.texts.items()}
    places = []
    for path, uses in usages.merged(found, overlay, name):
        holders = usages.containers(_rows(view, path))
        by_holder: dict[str, str] = {}
        for use in uses:
            for line in use.lines:
                holder = usages.around(line, holders)
                inside = holder[1] if holder else ""
                if inside not in by_holder:
                    sure = scope.confidence(path, inside, by_file) if targets else CONFIDENCES[-1]
                    by_holder[inside] = sure
                if by_holder[inside]:
                    places.append(_Place(path, line, use.kind, holder, by_holder[inside]))
    places.sort(key=lambda place: (CONFIDENCES.index(place.confidence), place.path, place.line))
    return places


def _resolved(view: View, path: str, container: str, names: Collection[str]) -> list[FoundDefinition]:
    by_name: dict[str, list[Symbol]] = {}
    for one in _definitions(view, *names):
        by_name.setdefault(one.name, []).append(one)
    found: dict[Symbol, str] = {}
    for name, definitions in by_name.items():
        meant = Scope(name, definitions, view.graph).meant(path, container)
        best = min(meant.values(), key=CONFIDENCES.index)
        likely = [one for one, how in meant.items() if how == best]
        if best != CONFIDENCES[-1] or len(likely) <= _MOST_LIKELY:
            found.update(dict.fromkeys(likely, best))
    return _surest_first(found.items())


def _surest_first(found: Iterable[tuple[Symbol, str]]) -> list[FoundDefinition]:
    ordered = sorted(found, key=lambda pair: (CONFIDENCES.index(pair[1]), _shown_first(pair[0])))
    return [FoundDefinition(symbol, confidence) for symbol, confidence in ordered]


def _shown_first(symbol: Symbol) -> tuple[bool, int, str, int]:
    return symbol.kind == "declaration", symbol.qualified.count("."), symbol.path, symbol.start_line


def _line(lines: Sequence[bytes], number: int, name: str) -> str:
    text = lines[number - 1].decode("utf-8", "replace") if number <= len(lines) else ""
    return text.strip() if name in text else ""
