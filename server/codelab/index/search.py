"""Search: gather passages, weigh the evidence, put them in one order."""

from collections.abc import Callable, Mapping
from sqlite3 import Connection
from typing import NamedTuple

from pathspec import GitIgnoreSpec

from codelab.index import candidates
from codelab.index.candidates import Candidate
from codelab.index.demotion import demotion
from codelab.index.overlay import OverlayText, overlay_candidates
from codelab.index.query import Query

PLACE_WEIGHT = 0.8  # of the path's words against the passage's own
NAMED_WEIGHT = 1.0  # of defining the very name that was asked for, in units of the best passage's score
MENTIONED_WEIGHT = 0.5  # the same for a name within a longer query
WORD_WEIGHT = 0.3  # the same for a plain word that happens to be a name
NEIGHBOUR_WEIGHT = 1.0  # of the other good passages of the same file
AGAIN_FACTOR = 0.4  # for each further passage of a file
_NEIGHBOURS = 3
_FIRST_LOOK = 400
_LAST_LOOK = 25_600
_PATHS = 40
_DEFINITIONS = 200


class Filters(NamedTuple):
    """What a passage must be; ``path`` is a pattern as in .gitignore, a folder or a file. Empty: anything."""

    path: str = ""
    language: str = ""
    kind: str = ""


def rank(
    connection: Connection,
    worktree: int,
    *,
    query: Query,
    limit: int,
    filters: Filters,
    overlay: Mapping[str, OverlayText],
) -> list[Candidate]:
    """Return the best passages for a query, best first.

    Args:
        connection: The index.
        worktree: The number of the worktree in it.
        query: What is asked for.
        limit: Most passages to return.
        filters: What they must be.
        overlay: Texts that stand for what the index has at their paths.
    """
    terms = candidates.search_terms(query)
    if not terms or limit < 1:
        return []
    accepts = _acceptor(filters)
    look = _FIRST_LOOK
    while True:
        found, more = candidates.matching_chunks(connection, worktree, terms, look)
        places = candidates.matching_paths(connection, worktree, terms, _PATHS)
        seen = {path for _, path in found}
        missing = [path for path in places if path not in seen]
        found |= candidates.chunks_of_files(connection, worktree, terms, missing)
        _add_definitions(connection, worktree, query, found)
        kept = [c for c in found.values() if c.path not in overlay and accepts(c)]
        if len(kept) >= 2 * limit or not more or look >= _LAST_LOOK:
            break
        look *= 4
    for candidate in kept:
        candidate.place = places.get(candidate.path, 0.0)
    if overlay:
        kept += [c for c in _from_overlay(connection, query, terms, overlay) if accepts(c)]
    _weigh(kept, query)
    return _spread(kept, limit)


def _acceptor(filters: Filters) -> Callable[[Candidate], bool]:
    path = filters.path.strip().removeprefix("./")
    spec = GitIgnoreSpec.from_lines([path]) if path else None
    language, kind = filters.language.lower(), filters.kind.lower()

    def accepts(candidate: Candidate) -> bool:
        return (
            (not language or candidate.language == language)
            and (not kind or candidate.kind == kind)
            and (spec is None or spec.match_file(candidate.path))
        )

    return accepts


def _add_definitions(
    connection: Connection, worktree: int, query: Query, found: dict[tuple[int, str], Candidate]
) -> None:
    names = {*query.names, *query.words}
    for key, candidate, name, qualified in candidates.defining_chunks(
        connection, worktree, names, _DEFINITIONS
    ):
        kept = found.setdefault(key, candidate)
        kept.defines = max(kept.defines, _defines(query, name, qualified))


def _defines(query: Query, name: str, qualified: str) -> float:
    """Return how well a definition fits the names in a query, in units of the best passage's score."""
    if name in query.names:
        weight = NAMED_WEIGHT if query.is_name else MENTIONED_WEIGHT
        return weight if qualified == name else weight * 0.9
    folded = name.lower()
    if any(folded == one.lower() for one in query.names):
        return (NAMED_WEIGHT if query.is_name else MENTIONED_WEIGHT) * 0.8
    if any(folded == one.lower() for one in query.words):
        return WORD_WEIGHT
    return 0.0


def _from_overlay(
    connection: Connection, query: Query, terms: tuple[str, ...], overlay: Mapping[str, OverlayText]
) -> list[Candidate]:
    chunks = candidates.statistics(connection, terms)
    paths = candidates.path_statistics(connection, terms)
    found = []
    for path, text in overlay.items():
        passages = overlay_candidates(path, text, terms, chunks, paths)
        for name, qualified, _, _, start, _ in text.definitions:
            fit = _defines(query, name, qualified)
            for one in passages if fit else ():
                if one.start_line <= start <= one.end_line:
                    one.defines = max(one.defines, fit)
        found += [one for one in passages if one.words or one.place or one.defines]
    return found


def _weigh(found: list[Candidate], query: Query) -> None:
    """Set the score of each passage from all the evidence for it."""
    terms = frozenset(query.terms)
    best = max((c.words for c in found), default=0.0) or 1.0
    by_file: dict[str, list[float]] = {}
    for c in found:
        by_file.setdefault(c.path, []).append(c.words)
    for scores in by_file.values():
        scores.sort(reverse=True)
    for c in found:
        others = by_file[c.path][: _NEIGHBOURS + 1]
        near = sum(others) - (c.words if c.words >= others[-1] else others[-1])
        evidence = c.words + PLACE_WEIGHT * c.place + best * c.defines
        if not query.is_name:
            evidence += NEIGHBOUR_WEIGHT * near / _NEIGHBOURS
        c.score = evidence * demotion(c.path, terms)


def _spread(found: list[Candidate], limit: int) -> list[Candidate]:
    """Return the best passages, with those of other files before too many of one."""
    found.sort(key=_order)
    times: dict[str, int] = {}
    for candidate in found:
        before = times.get(candidate.path, 0)
        times[candidate.path] = before + 1
        candidate.score *= AGAIN_FACTOR**before
    found.sort(key=_order)
    return found[:limit]


def _order(candidate: Candidate) -> tuple[float, str, int]:
    return -candidate.score, candidate.path, candidate.start_line
