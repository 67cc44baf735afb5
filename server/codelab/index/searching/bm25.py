"""The BM25 of SQLite's FTS5, for passages that are not in its tables: unsaved buffers, files just changed.

The formula and its constants are those of FTS5 (https://sqlite.org/fts5.html#the_bm25_function), so that its
scores and these can stand in one list.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

K1 = 1.2
B = 0.75
_LEAST_IDF = 1e-6


class Statistics(NamedTuple):
    """What the formula needs to know of the whole collection.

    Attributes:
        rows: Number of passages.
        words: Words of all of them together.
        frequency: For each term of the query, the number of passages that hold it.
    """

    rows: int
    words: int
    frequency: Mapping[str, int]


class Counted(NamedTuple):
    """The words of one passage by column, counted, and how many there are in all."""

    columns: tuple[Counter[str], ...]
    length: int


def count(columns: Sequence[str]) -> Counted:
    """Count the words of a passage.

    Args:
        columns: Its words by column, separated by spaces.
    """
    counters = tuple(Counter(words.split()) for words in columns)
    return Counted(counters, sum(counter.total() for counter in counters))


def inverse_frequency(term: str, statistics: Statistics) -> float:
    """Return how telling a term is: the rarer, the more."""
    holding = statistics.frequency.get(term, 0)
    return max(_LEAST_IDF, math.log((statistics.rows - holding + 0.5) / (holding + 0.5)))


def score(counted: Counted, terms: Sequence[str], weights: Sequence[float], statistics: Statistics) -> float:
    """Return the BM25 of a passage; higher is better.

    Args:
        counted: The passage.
        terms: Of the query.
        weights: Of the columns.
        statistics: Of the collection.
    """
    average = statistics.words / statistics.rows if statistics.rows else 1.0
    damping = K1 * (1 - B + B * counted.length / (average or 1.0))
    total = 0.0
    for term in terms:
        frequency = sum(w * column[term] for w, column in zip(weights, counted.columns, strict=True))
        if frequency:
            total += inverse_frequency(term, statistics) * frequency * (K1 + 1) / (frequency + damping)
    return total
