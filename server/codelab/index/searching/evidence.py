"""What speaks for a file whatever the passage: the words of its path, and the names it defines."""

import math
from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from codelab.index.searching.bm25 import Statistics
from codelab.index.words import words_of

SIMILAR = 0.7  # of a word that is only another form of the one asked for (serialize, serializers)
_LEAST_PREFIX = 4
_NO_WORDS: frozenset[str] = frozenset()
_ENDINGS = frozenset(("able", "al", "ation", "ed", "er", "ing", "ion", "ive", "ment", "or"))
_PATH_K1, _PATH_B = 0.5, 0.3  # a word counts nearly the same the second time; short names gain little
_FILE_WORDS, _FOLDER_WORDS = 2.0, 3.0  # usual numbers of words
_OUTLINE_K1, _OUTLINE_B, _OUTLINE_WORDS = 1.2, 0.75, 40.0


class Shares(NamedTuple):
    """The words of a query with what each counts for.

    Attributes:
        share: How telling each word is, so that all of them together make 1.
        similar: For each word that has some, other forms of it that occur in paths.
        words: All of these words.
    """

    share: Mapping[str, float]
    similar: Mapping[str, Set[str]]
    words: frozenset[str]


def shares(terms: Sequence[str], statistics: Statistics, similar: Mapping[str, Set[str]]) -> Shares:
    """Weigh the words of a query: the rarer, the more.

    Args:
        terms: Its words.
        statistics: Of the passages in the index.
        similar: For each of the words that has some, other forms of it that occur in paths.
    """
    telling = {term: tellingness(statistics.rows, statistics.frequency.get(term, 0)) for term in terms}
    total = sum(telling.values()) or 1.0
    words = frozenset(chain(telling, *similar.values()))
    return Shares({term: one / total for term, one in telling.items()}, similar, words)


def tellingness(rows: int, holding: int) -> float:
    """Return the inverse document frequency of a word, which is never negative (as in Lucene)."""
    return math.log(1 + (rows - holding + 0.5) / (holding + 0.5))


def is_similar(term: str, word: str) -> bool:
    """Tell whether two different words are likely forms of one: all but their endings is the same."""
    if (
        term == word
        or word[:_LEAST_PREFIX] != term[:_LEAST_PREFIX]
        or not (term.isalpha() and word.isalpha())
    ):
        return False
    shorter, longer = sorted((len(term), len(word)))
    same = next((n for n in range(shorter) if term[n] != word[n]), shorter)
    ends = {term[same:], word[same:]}
    return same >= _LEAST_PREFIX and 2 * same >= longer and (same >= shorter - 1 or ends <= _ENDINGS)


def prefix(term: str) -> str:
    """Return what all words similar to a term begin with, or an empty string if it has none."""
    if len(term) < _LEAST_PREFIX or not term.isalpha():
        return ""
    return term[: max(_LEAST_PREFIX, (len(term) + 1) // 2)]


@lru_cache(maxsize=50_000)
def _path_words(path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    folder, _, name = path.rpartition("/")
    return tuple(words_of(name.rpartition(".")[0] or name).split()), tuple(words_of(folder).split())


def path_evidence(path: str, asked: Shares) -> tuple[float, float]:
    """Return how well the words of a query are found in a file's name, and in the folders it is in."""
    name, folder = _path_words(path)
    return _found(name, asked, _FILE_WORDS), _found(folder, asked, _FOLDER_WORDS)


def _found(words: Sequence[str], asked: Shares, usual: float) -> float:
    if asked.words.isdisjoint(words):  # as most are
        return 0.0
    damping = _PATH_K1 * (1 - _PATH_B + _PATH_B * len(words) / usual)
    total = 0.0
    for term, share in asked.share.items():
        times = float(words.count(term))
        if not times and not asked.similar.get(term, _NO_WORDS).isdisjoint(words):
            times = SIMILAR
        if times:
            total += share * times * (_PATH_K1 + 1) / (times + damping)
    return total


def outline_evidence(top_names: str, asked: Shares) -> float:
    """Return how well the words of a query are found among the names that a file defines at the top level.

    Args:
        top_names: The words of these names, separated by spaces.
        asked: The query.
    """
    if not top_names:
        return 0.0
    padded = f" {top_names} "
    length = top_names.count(" ") + 1
    damping = _OUTLINE_K1 * (1 - _OUTLINE_B + _OUTLINE_B * length / _OUTLINE_WORDS)
    total = 0.0
    for term, share in asked.share.items():
        if term in top_names and (times := padded.count(f" {term} ")):
            total += share * times * (_OUTLINE_K1 + 1) / (times + damping)
    return total
