"""What speaks for a passage by its symbol's name: that the name is made of words of the query."""

import re
from collections.abc import Iterable
from functools import lru_cache

from codelab.index.searching.evidence import Shares
from codelab.index.words import split_identifier

_LEAST_WITHIN = 3  # letters of a word that is looked for within a longer one
_LEAST_COMPOUND = 6  # letters of a part that may be several words written as one
_LEAST_COVERED = 0.7  # of the letters of such a part; what words lose as stems is left open


@lru_cache(maxsize=50_000)
def _parts(symbol: str) -> tuple[str, ...]:
    """Return the words of the last part of a qualified name, without the one of all of them in one piece."""
    words = tuple(dict.fromkeys(split_identifier(symbol.rpartition(".")[2]).split()))
    return words[:-1] if len(words) > 2 else words


def words_within(terms: Iterable[str]) -> re.Pattern[str]:
    """Return what finds the words of a query in several words that are written as one, the longest first."""
    long = sorted((term for term in terms if len(term) >= _LEAST_WITHIN), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, long)) or "(?!)")


def names_evidence(symbol: str, names: str, asked: Shares, within: re.Pattern[str]) -> float:
    """Return how well the best of a passage's names is made of words of a query, from 0 to 1.

    Short functions share a passage, and each of them may be what is asked for.

    Args:
        symbol: As for ``name_evidence``.
        names: What else is defined in the passage, separated by spaces.
        asked: The words of the query.
        within: Of the same words, from ``words_within``.
    """
    best = name_evidence(symbol, asked, within)
    return max(best, *(name_evidence(name, asked, within) for name in names.split())) if names else best


def name_evidence(symbol: str, asked: Shares, within: re.Pattern[str]) -> float:
    """Return how well a name is made of words of a query, from 0 to 1.

    That is the share of the query that its words are, times the square of the share of its own words that
    the query has: ``parse_header`` is a good name for what parses a header, ``parse`` and ``mail_header``
    less so. A part that several words of the query make up, as in ``copyfile``, counts as these words.

    Args:
        symbol: The qualified name of what the passage belongs to; may be empty.
        asked: The words of the query.
        within: Of the same words, from ``words_within``.
    """
    parts = _parts(symbol) if symbol else ()
    known = 0.0
    found: set[str] = set()
    for part in parts:
        if part in asked.share:
            known += 1
            found.add(part)
        elif len(part) >= _LEAST_COMPOUND and len(words := within.findall(part)) > 1:
            covered = sum(map(len, words)) / len(part)
            if covered >= _LEAST_COVERED:
                known += covered
                found.update(words)
    if not found:
        return 0.0
    return (known / len(parts)) ** 2 * sum(asked.share[word] for word in found)
