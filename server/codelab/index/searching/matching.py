"""How well the words of passages match a query: BM25 of those that may be among the best.

SQLite's FTS5 tells at once which passages hold a word, and slowly what BM25 gives a passage: it looks up the
length of each. So where many passages hold words of a query, they are first weighed as if each held a word
twice, and BM25 is asked for only of the best of these.
"""

import json
from collections.abc import Iterable, Sequence
from sqlite3 import Connection
from typing import TYPE_CHECKING

from codelab.index.searching.bm25 import K1, Statistics, inverse_frequency
from codelab.index.searching.remembered import Remembered

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME_WEIGHT = 3.0
BODY_WEIGHT = 1.0
COLUMN_WEIGHTS = (NAME_WEIGHT, BODY_WEIGHT)
_RANK = f"bm25({NAME_WEIGHT}, {BODY_WEIGHT})"
_MOST_PASSAGES = 20_000  # that a search goes through; words of more are left to the other evidence
_ALL_RANKED = 1_500  # of so few BM25 is asked at once
_RANKED = 350  # of more, only of about so many
_MOST_RANKED = 1_500  # also where very many weigh the same
_USUAL_TIMES = 2.0  # that a word stands in a passage which holds it


def telling_terms(terms: Sequence[str], statistics: Statistics) -> list[str]:
    """Return those words of a query that passages are looked up by, the rarest first.

    What is in very many passages costs most of the time and tells least, so such words are left out as long
    as rarer ones are there.
    """
    frequency = statistics.frequency
    chosen: list[str] = []
    passages = 0
    for term in sorted(terms, key=lambda term: (frequency.get(term, 0), term)):
        passages += frequency.get(term, 0)
        if passages > _MOST_PASSAGES and any(one in frequency for one in chosen):
            break
        chosen.append(term)
    return chosen


def match_expression(terms: Iterable[str]) -> str:
    """Return the expression of FTS5 that finds passages with any of some words."""
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)


def matching_scores(
    connection: Connection, terms: Sequence[str], limit: int, also: Sequence[int], remembered: Remembered
) -> dict[int, float]:
    """Return BM25 of the passages whose words match best, by the number of the chunk.

    Args:
        connection: The index.
        terms: Words that passages are looked up by.
        limit: How many of the best are wanted; there will be more.
        also: Chunks that are wanted as well, where they match.
        remembered: What is known of the index.
    """
    statistics = remembered.statistics(connection, terms)
    held = [term for term in terms if term in statistics.frequency]
    if not held:
        return {}
    # The plus sign keeps the look-up of chunks from FTS5, which would begin anew for each.
    among, chosen = "", list[str]()
    if sum(statistics.frequency.values()) > _ALL_RANKED:
        among = " AND +rowid IN (SELECT value FROM json_each(?))"
        promising = _promising(connection, held, limit, statistics, remembered)
        chosen.append(json.dumps([*promising, *also]))
    return dict(
        connection.execute(
            f"SELECT rowid, -rank FROM chunk_words WHERE chunk_words MATCH ? AND rank MATCH ?{among}",  # noqa: S608 - a condition of ours
            (match_expression(held), _RANK, *chosen),
        ).fetchall()
    )


def _promising(
    connection: Connection, terms: Sequence[str], limit: int, statistics: Statistics, remembered: Remembered
) -> list[int]:
    """Return the chunks that weigh most if each holds a word as often as is usual."""
    import numpy as np

    postings = [_postings(connection, term, remembered) for term in terms]
    weights = np.zeros(1 + max(int(chunks[-1]) for chunks, _ in postings), np.float32)
    in_body, in_name = _gain(BODY_WEIGHT * _USUAL_TIMES), _gain(BODY_WEIGHT * _USUAL_TIMES + NAME_WEIGHT)
    for term, (chunks, named) in zip(terms, postings, strict=True):
        telling = inverse_frequency(term, statistics)
        weights[chunks] += telling * in_body
        weights[named] += telling * (in_name - in_body)
    chunks = np.flatnonzero(weights > 0)  # of truths: several times faster than of numbers
    wanted = max(_RANKED, 2 * limit)
    if len(chunks) > wanted:
        own = weights[chunks]
        enough = np.partition(own, -wanted)[-wanted]
        better, equal = chunks[own > enough], chunks[own == enough]
        chunks = np.concatenate((better, equal[: max(wanted, _MOST_RANKED) - len(better)]))
    promising: list[int] = chunks.tolist()
    return promising


def _gain(frequency: float) -> float:
    """Return what BM25 gives a passage of usual length for a word, by how often it is there."""
    return frequency * (K1 + 1) / (frequency + K1)


def _postings(
    connection: Connection, term: str, remembered: Remembered
) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """Return the chunks that hold a word, which some do, and those that hold it in their names."""
    import numpy as np

    known = remembered.postings.get(term)
    if known is None:
        word = match_expression((term,))
        # One text of all numbers: ten times faster than a row for each.
        texts = [
            connection.execute(
                "SELECT group_concat(rowid) FROM chunk_words WHERE chunk_words MATCH ?", (expression,)
            ).fetchone()[0]
            for expression in (word, f"name : {word}")
        ]
        chunks, named = (np.fromstring(text or "", np.int64, sep=",") for text in texts)
        known = chunks, named
        remembered.keep_postings(term, known)
    return known
