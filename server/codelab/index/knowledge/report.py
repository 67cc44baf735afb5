"""A report on the index: what it holds, what it lacks, what looks wrong in the code, how fast it answers."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from glob import escape
from typing import Any

from codelab.index.knowledge.broken import broken_imports
from codelab.index.knowledge.code_graph import CodeGraph, View
from codelab.index.knowledge.near_duplicates import LookAlikes, look_alikes, near_duplicates
from codelab.index.searching.labelled import Quality
from codelab.index.types import BrokenImport, IndexStatus, NearDuplicate, RequiredPackage
from codelab.workspace.commits import Commit

_QUERIES = 20
_LARGEST_LISTED = 200
_MIN_DUPLICATE_LINES = 5
_COMMITS = 10
_NEVER_WRONG = frozenset(("html", "css", "markdown", "rst"))  # their readers make something of any text
_DATA = frozenset(("xml", "json", "yaml", "toml"))
_TEMPLATE_MARKS = (b"{%", b"{{", b"<%", b"${")


@dataclass(frozen=True, slots=True)
class LanguageCoverage:
    """What is indexed of a language; text without a grammar has an empty name."""

    language: str
    files: int
    lines: int
    symbols: int


@dataclass(frozen=True, slots=True)
class SyntaxErrors:
    """A file, and how many stretches of it its grammar could not read."""

    path: str
    errors: int


@dataclass(frozen=True, slots=True)
class Report:
    """What the index holds and how good it is.

    Attributes:
        root: The workspace.
        branch: The git branch that is checked out, or an empty string.
        status: How the index stands, with what was left out and why.
        languages: Coverage by language, the most lines first.
        lines: Lines indexed.
        seconds_since_change: Since the last completed change of the index, or None if there was none.
        seconds_since_sweep: Since all files were last compared with it, or None.
        imports: Import statements.
        imports_resolved: Those that lead to files of the workspace.
        broken_imports: Those that should and do not.
        syntax_errors: Files of code that their grammars could not read entirely, the worst first.
        read_in_part: The like of templates, markup and styles, which have no syntax errors: a browser or a
            template engine reads what the grammar does not know.
        duplicates: Paths with equal contents of some length, group by group.
        near_duplicates: Definitions whose words are nearly the same, the longest first.
        compared: How many definitions were compared for that; 0 where there are no vectors.
        all_compared: Whether there was time for all that looked alike.
        contents: Different contents; equal files share one.
        reused: Contents that other worktrees of the repository use as well.
        search_p50_ms: Half of the searches for the workspace's own names took no longer, in milliseconds.
        search_p95_ms: The same for 95 of 100.
        searches: How many were measured.
        commits: The last commits of the branch.
        dependencies: The packages that the workspace's dependency manifests ask for.
        quality: How good search is on a labelled set, if one was given.
    """

    root: str
    branch: str
    status: IndexStatus
    languages: tuple[LanguageCoverage, ...] = ()
    lines: int = 0
    seconds_since_change: float | None = None
    seconds_since_sweep: float | None = None
    imports: int = 0
    imports_resolved: int = 0
    broken_imports: tuple[BrokenImport, ...] = ()
    syntax_errors: tuple[SyntaxErrors, ...] = ()
    read_in_part: tuple[SyntaxErrors, ...] = ()
    duplicates: tuple[tuple[str, ...], ...] = ()
    near_duplicates: tuple[NearDuplicate, ...] = ()
    compared: int = 0
    all_compared: bool = True
    contents: int = 0
    reused: int = 0
    search_p50_ms: float = 0.0
    search_p95_ms: float = 0.0
    searches: int = 0
    commits: tuple[Commit, ...] = ()
    dependencies: tuple[RequiredPackage, ...] = ()
    quality: Quality | None = None

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return asdict(self)


def make_report(graph: CodeGraph, overlay: Mapping[str, str] | None = None) -> Report:
    """Look at all of the index of a workspace and measure some searches.

    Args:
        graph: Of the workspace.
        overlay: Unsaved texts; imports are judged with them.
    """
    reader = graph.reader
    status = reader.status()
    figures = graph.look(_figures, overlay) or {}
    missing = figures.pop("missing", [])
    sweep = figures.pop("swept_at", 0.0)
    names = figures.pop("names", [])
    errors = figures.pop("errors", [])
    in_part = [one for one, language in errors if _has_no_errors(language, one.path, reader.text)]
    alike = figures.pop("look_alikes", LookAlikes())
    near, all_compared = near_duplicates(alike, reader.text)
    now = time.time()
    times = sorted(_timed(graph, name) for name in names)
    root = reader.repository.root
    return Report(
        str(root),
        current_branch(graph),
        status,
        seconds_since_change=round(now - status.updated_at, 1) if status.updated_at else None,
        seconds_since_sweep=round(now - sweep, 1) if sweep else None,
        syntax_errors=tuple(one for one, _ in errors if one not in in_part),
        read_in_part=tuple(in_part),
        broken_imports=tuple(
            broken_imports(missing, reader.text, lambda path: any(root.glob(f"{escape(path)}*")))
        ),
        near_duplicates=tuple(near),
        compared=len(alike.definitions),
        all_compared=all_compared,
        search_p50_ms=_percentile(times, 0.50),
        search_p95_ms=_percentile(times, 0.95),
        searches=len(times),
        commits=tuple(reader.recent_commits(limit=_COMMITS)),
        dependencies=tuple(reader.dependencies()),
        **figures,
    )


def current_branch(graph: CodeGraph) -> str:
    """Return the branch that is checked out, or the beginning of the commit; empty without git."""
    top = graph.reader.repository.top
    try:
        dot_git = top / ".git"
        if dot_git.is_file():
            pointer = dot_git.read_text(encoding="utf-8").partition("gitdir:")[2].strip()
            dot_git = top / pointer
        head = (dot_git / "HEAD").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
    return head.removeprefix("ref: refs/heads/") if head.startswith("ref:") else head[:12]


def _has_no_errors(language: str, path: str, text: Callable[[str], bytes]) -> bool:
    """Tell whether what a grammar cannot read is no error: in markup, styles, and templates of data."""
    if language in _NEVER_WRONG:
        return True
    return language in _DATA and any(mark in text(path) for mark in _TEMPLATE_MARKS)


def _figures(view: View) -> dict[str, Any]:
    connection, worktree = view.connection, view.worktree
    files = "FROM file f CROSS JOIN blob b ON b.id = f.blob CROSS JOIN path p ON p.id = f.path"
    languages = connection.execute(
        f"SELECT b.language, count(*), sum(b.lines), sum(b.symbols) {files} WHERE f.worktree = ?"
        " GROUP BY 1 ORDER BY 3 DESC, 1",
        (worktree,),
    ).fetchall()
    errors = connection.execute(
        f"SELECT p.path, b.errors, b.language {files} WHERE f.worktree = ? AND b.errors > 0"
        " ORDER BY 2 DESC, 1 LIMIT ?",
        (worktree, _LARGEST_LISTED),
    ).fetchall()
    groups: dict[int, list[str]] = {}
    for blob, path in connection.execute(
        f"SELECT b.id, p.path {files} WHERE f.worktree = ? AND b.lines >= ? ORDER BY p.path",
        (worktree, _MIN_DUPLICATE_LINES),
    ):
        groups.setdefault(blob, []).append(path)
    contents, reused = connection.execute(
        "SELECT count(*), coalesce(sum(EXISTS"
        " (SELECT 1 FROM file o WHERE o.blob = s.blob AND o.worktree <> ?)), 0)"
        " FROM (SELECT DISTINCT blob FROM file WHERE worktree = ? AND blob IS NOT NULL) s",
        (worktree, worktree),
    ).fetchone()
    statements = [one for path in view.graph.files for one in view.graph.imports(path)]
    names = connection.execute(
        "SELECT DISTINCT d.name FROM definition d CROSS JOIN file f INDEXED BY file_of_blob"
        " ON f.blob = d.blob AND f.worktree = ? WHERE length(d.name) > 3 ORDER BY d.name",
        (worktree,),
    ).fetchall()
    return {
        "languages": tuple(LanguageCoverage(*row) for row in languages),
        "lines": sum(row[2] for row in languages),
        "errors": [(SyntaxErrors(path, count), language) for path, count, language in errors],
        "duplicates": tuple(tuple(paths) for paths in groups.values() if len(paths) > 1),
        "contents": contents,
        "reused": reused,
        "imports": len(statements),
        "imports_resolved": sum(1 for one in statements if one.resolved.links),
        "look_alikes": look_alikes(connection, worktree),
        "missing": list(view.graph.missing()),
        "swept_at": connection.execute("SELECT swept_at FROM worktree WHERE id = ?", (worktree,)).fetchone()[
            0
        ],
        "names": [row[0] for row in names[:: max(1, len(names) // _QUERIES)][:_QUERIES]],
    }


def _timed(graph: CodeGraph, query: str) -> float:
    began = time.perf_counter()
    graph.reader.search(query)
    return 1000 * (time.perf_counter() - began)


def _percentile(times: list[float], share: float) -> float:
    return round(times[min(len(times) - 1, int(share * len(times)))], 2) if times else 0.0


def language_shares(languages: Counter[str], most: int) -> list[tuple[str, int]]:
    """Return the largest counts, the rest together as ``other``."""
    ordered = sorted(languages.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in ordered[most:])
    return [*ordered[:most], *([("other", rest)] if rest else [])]
