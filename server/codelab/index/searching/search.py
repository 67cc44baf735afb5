"""Search: gather passages, weigh the evidence, put them in one order."""

from sqlite3 import Connection

from codelab.index.searching.candidates import Candidate
from codelab.index.searching.explain import reasons
from codelab.index.searching.gathering import FileEvidence, Filters, Gathered, Sources, gather
from codelab.index.searching.query import Query
from codelab.index.searching.weights import WEIGHTS, Weights

__all__ = ["Filters", "Sources", "rank"]

_NEIGHBOURS = 3
_MOST_SPREAD = 200  # passages among which those of one file are spread


def rank(
    connection: Connection, worktree: int, *, query: Query, limit: int, filters: Filters, sources: Sources
) -> list[Candidate]:
    """Return the best passages for a query, best first.

    Args:
        connection: The index.
        worktree: The number of the worktree in it.
        query: What is asked for.
        limit: Most passages to return.
        filters: What they must be.
        sources: What is known beside the index.
    """
    if not query.terms or limit < 1:
        return []
    gathered = gather(connection, worktree, query=query, limit=limit, filters=filters, sources=sources)
    ranked = put_in_order(gathered, limit, WEIGHTS)
    for one in ranked:
        one.reasons = reasons(one, gathered, WEIGHTS)
    return ranked


def put_in_order(gathered: Gathered, limit: int, weights: Weights) -> list[Candidate]:
    """Weigh the evidence and return the best passages, best first."""
    _weigh(gathered, weights)
    again = weights.again_asked if gathered.is_question else weights.again
    return _spread(gathered.candidates, limit, again)


def _weigh(gathered: Gathered, weights: Weights) -> None:
    of_files: dict[str, list[Candidate]] = {}
    for one in gathered.candidates:
        of_files.setdefault(one.path, []).append(one)
    weight = weights._asdict()
    for path, passages in of_files.items():
        added, factor = _file_score(gathered.files[path], weight)
        near = _means_of_others([one.words for one in passages])
        alike = _means_of_others([one.meaning for one in passages])
        for one, one.near, one.alike in zip(passages, near, alike, strict=True):
            own = weights.words * one.words / gathered.scale + weights.meaning * one.meaning
            for kind, fit in one.defines.items():
                own += weight[kind] * fit
            one.own = own * gathered.detail
            one.shared = added + weights.near * one.near / gathered.scale + weights.alike * one.alike
            one.shared *= gathered.whole
            one.factor = factor
            one.score = (one.own + one.shared) * factor


def _means_of_others(values: list[float]) -> list[float]:
    """Return for the value of each passage of a file the mean of the best three of its others."""
    if len(values) == 1:
        return [0.0]
    best = sorted(values, reverse=True)[: _NEIGHBOURS + 1]
    total = sum(best)
    last = best[-1] if len(best) > _NEIGHBOURS else 0.0  # counts where a better one is left out
    return [(total - (own if own > last else last)) / _NEIGHBOURS for own in values]


def _file_score(known: FileEvidence, weight: dict[str, float]) -> tuple[float, float]:
    """Return what a file adds to the score of its passages, and what that is multiplied by."""
    factor = 1.0
    for rule in known.demotions:
        factor *= weight[rule]
    return sum(weight[kind] * fit for kind, fit in known.parts.items()), factor


def _spread(found: list[Candidate], limit: int, again: float) -> list[Candidate]:
    """Return the best passages, with those of other files before too many of one.

    What speaks for a file as a whole counts in full for its best passage, and less for each further one. What
    speaks for a passage itself always counts: many functions of one file may be what is asked for.
    """
    found.sort(key=_order)
    best = found[: max(_MOST_SPREAD, 2 * limit)]
    times: dict[str, int] = {}
    for candidate in best:
        before = times.get(candidate.path, 0)
        times[candidate.path] = before + 1
        candidate.repeat = again**before
        candidate.score = (candidate.own + candidate.shared * candidate.repeat) * candidate.factor
    best.sort(key=_order)
    return best[:limit]


def _order(candidate: Candidate) -> tuple[float, str, int]:
    return -candidate.score, candidate.path, candidate.start_line
