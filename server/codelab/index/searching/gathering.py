"""Gather the passages that may answer a query, with the evidence for each, not yet weighed."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from sqlite3 import Connection
from typing import NamedTuple

from pathspec import GitIgnoreSpec

from codelab.index.searching import candidates, evidence, matching
from codelab.index.searching.bm25 import Statistics
from codelab.index.searching.candidates import Candidate, Found
from codelab.index.searching.demotion import (
    OF_FILES_AS_A_WHOLE,
    asks_for_a_version,
    demotions,
    is_superseded,
    version_folder,
)
from codelab.index.searching.evidence import Shares
from codelab.index.searching.name_evidence import names_evidence, words_within
from codelab.index.searching.overlay import OverlayText, overlay_candidates
from codelab.index.searching.query import Query
from codelab.index.searching.remembered import MOST_DEFINITIONS, Definition, Remembered
from codelab.index.searching.similar import SimilarPassages
from codelab.index.words import split_identifier

_FIRST_LOOK = 150
_LAST_LOOK = 25_600
_PATHS = 12  # files found by their paths alone
_NEAREST = 100  # passages found by their meaning
_LEAST_MEANING = 0.15  # less is chance: it is what words that nobody knows give
_OF_ITS_FILE = 0.4  # what is left of what speaks for a file where a query says what one function does
_OF_A_NAME = 0.3  # what is left of a meaning where the query is a name: that says most itself
_OTHER_CASE = 0.8  # of a name that is written in other letters than in the query
_USUAL_TERMS = 6  # of a query that is not a name
_WITHIN = 0.9  # of a name that is defined within another


_Add = Callable[[Iterable[int]], None]
"""Adds the passages of some chunks to those found."""


class Filters(NamedTuple):
    """What a passage must be; ``path`` is a pattern of paths. Empty or None: anything."""

    path: GitIgnoreSpec | None = None
    languages: frozenset[str] = frozenset()
    kind: str = ""


class Sources(NamedTuple):
    """What is known beside the index itself.

    Attributes:
        overlay: Texts that stand for what the index has at their paths.
        remembered: What is remembered from query to query.
        text: The query as it was written.
        similar: Finds what is similar to it, where there are vectors.
    """

    overlay: Mapping[str, OverlayText]
    remembered: Remembered
    text: str = ""
    similar: SimilarPassages | None = None


class FileEvidence(NamedTuple):
    """What speaks for a file or against it, by the weight that counts it."""

    parts: Mapping[str, float]
    demotions: tuple[str, ...]


class Gathered(NamedTuple):
    """What may answer a query.

    Attributes:
        candidates: The passages.
        files: What is known of their files, by path.
        scale: The score from words of a passage with all of them, each a few times.
        detail: What multiplies what speaks for a passage itself: the more a query says, the likelier it means
            one passage and not all of a file.
        is_question: Whether the query is one.
        whole: What multiplies what speaks for its file as a whole.
    """

    candidates: list[Candidate]
    files: dict[str, FileEvidence]
    scale: float
    detail: float
    is_question: bool
    whole: float = 1.0


def gather(
    connection: Connection, worktree: int, *, query: Query, limit: int, filters: Filters, sources: Sources
) -> Gathered:
    """Return the passages that may answer a query.

    Args:
        connection: The index.
        worktree: The number of the worktree in it.
        query: What is asked for.
        limit: How many are wanted in the end.
        filters: What they must be.
        sources: What is known beside the index.
    """
    terms = candidates.search_terms(query)
    remembered = sources.remembered
    remembered.renew(connection, worktree)
    statistics = remembered.statistics(connection, terms)
    telling = matching.telling_terms(terms, statistics)
    path_words = {term: remembered.path_word(connection, term) for term in terms}
    asked = evidence.shares(
        query.terms, statistics, {term: forms for term in query.terms if (forms := path_words[term].forms)}
    )
    by_path = candidates.files_like(
        connection, worktree, candidates.telling_path_words(path_words), 2 * _PATHS
    )
    of_files = [chunk for _, chunks in by_path for chunk in chunks]
    accepts = _acceptor(filters)
    look = _FIRST_LOOK
    while True:
        scores = matching.matching_scores(connection, telling, look, of_files, remembered)
        best = sorted(scores, key=lambda chunk: (-scores[chunk], chunk))[:look]
        found = candidates.load(connection, {chunk: scores[chunk] for chunk in best}, remembered)
        seen = {path for _, path in found}
        missing = [chunks for path, chunks in by_path if path not in seen][:_PATHS]
        found |= candidates.load(connection, candidates.best_of_files(missing, scores), remembered)
        more = len(best) == look
        kept = [c for c in found.values() if c.path not in sources.overlay and accepts(c)]
        if len(kept) >= 2 * limit or not more or look >= _LAST_LOOK:
            break
        look *= 4

    def add(chunks: Iterable[int]) -> None:
        known = {chunk for chunk, _ in found}
        new = {chunk: scores.get(chunk, 0.0) for chunk in chunks if chunk not in known}
        found.update(candidates.load(connection, new, remembered))

    if sources.similar is not None:
        also = {chunk for chunk, _ in found}
        similar = sources.similar.find(connection, worktree, sources.text, _NEAREST, also=also)
        share = _OF_A_NAME if query.is_name else 1.0
        _add_similar(found, similar.chunks, share, add)
    names = tuple(dict.fromkeys((*query.names, *query.words)))
    definitions = chain.from_iterable(remembered.definitions(connection, name) for name in names)
    _add_definitions(found, islice(definitions, MOST_DEFINITIONS), query, asked, add)
    kept = [c for c in found.values() if c.path not in sources.overlay and accepts(c)]
    if sources.overlay:
        kept += filter(accepts, _from_overlay(query, asked, telling, statistics, sources))
    within = words_within(asked.share)
    for one in kept:
        others = one.names if query.of_a_function else ""
        if fit := names_evidence(one.symbol, others, asked, within):
            one.defines["called"] = fit
    files = _files(connection, query, asked, kept, sources)
    whole = _OF_ITS_FILE if query.of_a_function else 1.0
    return Gathered(kept, files, _scale(query.terms, statistics), _detail(query), query.is_question, whole)


def _scale(terms: Sequence[str], statistics: Statistics) -> float:
    return sum(evidence.tellingness(statistics.rows, statistics.frequency.get(t, 0)) for t in terms) or 1.0


def _detail(query: Query) -> float:
    return 1.0 if query.is_name else math.sqrt(len(query.terms) / _USUAL_TERMS)


def _acceptor(filters: Filters) -> Callable[[Candidate], bool]:
    spec, languages, kind = filters

    def accepts(candidate: Candidate) -> bool:
        return (
            (not languages or candidate.language in languages)
            and (not kind or candidate.kind == kind)
            and (spec is None or spec.match_file(candidate.path))
        )

    return accepts


def _add_similar(found: Found, cosines: Mapping[int, float], share: float, add: _Add) -> None:
    add(chunk for chunk, cosine in cosines.items() if cosine >= _LEAST_MEANING)
    for (chunk, _), candidate in found.items():
        candidate.meaning = share * max(0.0, cosines.get(chunk, 0.0))


def _add_definitions(
    found: Found, definitions: Iterable[Definition], query: Query, asked: Shares, add: _Add
) -> None:
    by_chunk: dict[int, list[Definition]] = {}
    for one in definitions:
        by_chunk.setdefault(one.chunk, []).append(one)
    add(by_chunk)
    fits = _NameFits(query, asked)
    for (chunk, _), candidate in found.items():
        for one in by_chunk.get(chunk, ()):
            if candidate.start_line <= one.line:
                _note_definition(candidate, fits, one.name, one.qualified)


class _NameFits(dict[str, tuple[str, float]]):
    """How well names fit those in a query, by the weight that counts it; many definitions have one name."""

    def __init__(self, query: Query, asked: Shares) -> None:
        super().__init__()
        self._query, self._asked = query, asked

    def __missing__(self, name: str) -> tuple[str, float]:
        query, folded = self._query, name.lower()
        if any(folded == one.lower() for one in query.names):
            weight, exact = ("named" if query.is_name else "mentioned"), name in query.names
        elif any(folded == one.lower() for one in query.words):
            weight, exact = "word", name in query.words
        else:
            weight, exact = "", False
        fit = 1.0 if exact else _OTHER_CASE
        if weight != "named":
            words = set(split_identifier(name).split())
            fit *= min(1.0, sum(self._asked.share.get(word, 0.0) for word in words))
        self[name] = weight, fit
        return weight, fit


def _note_definition(candidate: Candidate, fits: _NameFits, name: str, qualified: str) -> None:
    """Note how well a definition fits the names in a query, as a share of what the query asks for."""
    weight, fit = fits[name]
    if weight:
        fit *= 1.0 if qualified == name else _WITHIN
        candidate.defines[weight] = max(candidate.defines.get(weight, 0.0), fit)


def _from_overlay(
    query: Query,
    asked: Shares,
    telling: Sequence[str],
    statistics: Statistics,
    sources: Sources,
) -> list[Candidate]:
    found = []
    fits = _NameFits(query, asked)
    for path, text in sources.overlay.items():
        passages = overlay_candidates(path, text, telling, statistics)
        if sources.similar is not None:
            cosines = sources.similar.cosines(sources.text, [one.words for one in text.passages])
            for one, cosine in zip(passages, cosines, strict=True):
                one.meaning = max(0.0, cosine)
        for name, qualified, _, _, start, _ in text.definitions:
            for one in passages:
                if one.start_line <= start <= one.end_line:
                    _note_definition(one, fits, name, qualified)
        named = any(evidence.path_evidence(path, asked))
        found += [one for n, one in enumerate(passages) if one.words or one.defines or (named and not n)]
    return found


def _files(
    connection: Connection, query: Query, asked: Shares, kept: Sequence[Candidate], sources: Sources
) -> dict[str, FileEvidence]:
    blobs = {c.path: c.blob for c in kept}
    remembered = sources.remembered
    names = remembered.files(connection, {blob for blob in blobs.values() if blob >= 0})
    terms = frozenset(query.terms)
    any_version = asks_for_a_version(query.words)
    found = {}
    for path, blob in blobs.items():
        text = sources.overlay.get(path)
        outline = text.top_names if text is not None else names[blob][0].top_names if blob in names else ""
        file_name, folder = evidence.path_evidence(path, asked)
        parts = {
            "file_name": file_name,
            "folder": folder,
            "outline": evidence.outline_evidence(outline, asked),
        }
        rules = demotions(path, terms)
        if query.of_a_function:
            rules = tuple(rule for rule in rules if rule not in OF_FILES_AS_A_WHOLE)
        if not any_version and (version := version_folder(path)):
            if version not in remembered.superseded:
                remembered.superseded[version] = is_superseded(connection, version)
            rules += ("superseded",) if remembered.superseded[version] else ()
        found[path] = FileEvidence(parts, rules)
    return found
