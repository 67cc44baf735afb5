"""The plain data that the index gives to everything above it."""

from dataclasses import dataclass, field
from typing import NamedTuple

from codelab.core.positions import LineSpan


class Reason(NamedTuple):
    """One part of how a score came about.

    Attributes:
        what: In words for a person.
        amount: What it adds to the score, or what the score is multiplied by.
        multiplies: Whether it multiplies.
    """

    what: str
    amount: float
    multiplies: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One passage found by a search.

    Attributes:
        path: Relative to the workspace root, with forward slashes.
        start_line: First line, from 1.
        end_line: Last line, included.
        score: Higher is better; comparable within one search only.
        symbol: Qualified name of the definition the passage belongs to, or an empty string.
        kind: ``function``, ``class``, ``method``, ``module``, ``section``, ``window`` and the like.
        text: The passage as it stands in the file, or in the unsaved buffer.
        reasons: How the score came about: what was added, then what the sum was multiplied by.
    """

    path: str
    start_line: int
    end_line: int
    score: float
    symbol: str
    kind: str
    text: str
    reasons: tuple[Reason, ...] = ()

    @property
    def span(self) -> LineSpan:
        """The passage's place."""
        return LineSpan(self.path, self.start_line, self.end_line)

    @property
    def called(self) -> str:
        """What the passage is, for a person; empty for lines that are of no definition."""
        if not self.symbol:
            return ""
        return f"{'part of' if self.kind == 'window' else self.kind} {self.symbol}"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition: ``name`` as written, ``qualified`` with its containers, ``signature`` its first line."""

    path: str
    name: str
    qualified: str
    kind: str
    signature: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class FoundDefinition:
    """A definition that a name may mean, and how sure that is.

    Attributes:
        symbol: The definition.
        confidence: ``exact`` (defined in the same file, or imported by name from the file that defines it),
            ``imported`` (the file that defines it is imported, or it is a member of something in the same
            file), or ``by name`` (the names are the same).
    """

    symbol: Symbol
    confidence: str


@dataclass(frozen=True, slots=True)
class Usage:
    """A use of a name.

    Attributes:
        path: The file.
        line: From 1.
        kind: ``call``, ``type``, ``base`` (a class that is extended) or ``import``.
        symbol: Qualified name of the definition that it stands in, or an empty string.
        confidence: That what is asked for is meant: as in ``FoundDefinition``.
        text: The line without its indentation, or an empty string where the file has changed since.
    """

    path: str
    line: int
    kind: str
    symbol: str
    confidence: str
    text: str

    def __str__(self) -> str:
        """The use on one line, for people and models."""
        inside = f" in {self.symbol}" if self.symbol else ""
        return f"{self.path}:{self.line}  {self.kind}{inside} ({self.confidence})  {self.text}".rstrip()


@dataclass(frozen=True, slots=True)
class Caller:
    """What calls something, and where: a definition, or the top level of a file (``symbol`` is empty)."""

    path: str
    symbol: str
    kind: str
    lines: tuple[int, ...]
    confidence: str


@dataclass(frozen=True, slots=True)
class ImportedModule:
    """An import statement: what is written, its line, and the files of the workspace that it leads to."""

    module: str
    names: tuple[str, ...]
    line: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrokenImport:
    """An import statement that names something of the workspace that is not there."""

    path: str
    line: int
    module: str


@dataclass(frozen=True, slots=True)
class DefinitionPlace:
    """Where a definition stands; a part of it, if it is long. Lines count from 1, both included."""

    path: str
    start_line: int
    end_line: int
    symbol: str


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two definitions whose words are nearly the same; ``alike`` is Dice's coefficient of them, at most 1."""

    first: DefinitionPlace
    second: DefinitionPlace
    alike: float


@dataclass(frozen=True, slots=True)
class RequiredPackage:
    """A package that a dependency manifest of the workspace asks for.

    Attributes:
        path: The manifest.
        ecosystem: Whose package it is: ``pypi``, ``npm``, ``maven`` and the like.
        name: As the ecosystem writes it.
        constraint: The versions asked for, as written; may be empty.
        kind: What for, as ``codelab.index.parsing.manifests.Dependency`` says.
        line: Where in the manifest, from 1.
    """

    path: str
    ecosystem: str
    name: str
    constraint: str
    kind: str
    line: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not in the index, and why, in words for a person."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How the index stands.

    Attributes:
        state: ``missing``, ``building``, ``unfinished`` (not complete, and no worker is there), ``fresh``
            (complete as of ``updated_at``), ``failed`` or ``paused``.
        files: Files indexed so far in this worktree.
        total: Files to index, as far as known; equals ``files`` when fresh.
        chunks: Chunks of those files.
        symbols: Definitions in those files.
        languages: Number of files by language.
        updated_at: Unix time of the last completed change, or 0.
        last_error: The last failure of the worker in words, or an empty string.
        skipped: Files left out and why.
        searchable_seconds: How long the last sweep worked until symbols and words could be searched.
        total_seconds: How long it worked until everything was ready, vectors included.
        embedder: What makes the vectors of the chunks, or an empty string if nothing does.
        embedded: Chunks that have its vectors.
        embedding_error: Why it does not go on with the others, in words, or an empty string.
        embedding_pending: Whether the worker is about to make vectors, or at it.
    """

    state: str
    files: int = 0
    total: int = 0
    chunks: int = 0
    symbols: int = 0
    languages: dict[str, int] = field(default_factory=dict)
    updated_at: float = 0.0
    last_error: str = ""
    skipped: tuple[Skipped, ...] = ()
    searchable_seconds: float = 0.0
    total_seconds: float = 0.0
    embedder: str = ""
    embedded: int = 0
    embedding_error: str = ""
    embedding_pending: bool = False
