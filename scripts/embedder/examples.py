"""From pairs to what is learnt from: queries and passages as sparse counts over one vocabulary."""

import random
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp  # pyright: ignore[reportMissingImports] - of requirements.txt beside
from numpy.typing import NDArray

from codelab.index.words import STOP_WORDS, stem
from scripts.embedder.pairs import Pair

MOST_WORDS = 40_000
BUCKETS = 1024
MOST_PAIRS_OF_A_PACKAGE = 12_000
FEWEST_PACKAGES = 3  # that a word must be in to have a row of its own
OFTEN = 400  # so often it has one anyway
BARE_SHARE = 0.3  # of the passages go without the definition's name
NAMES_SHARE = 0.5  # of the definitions without documentation are asked for by their names
NAME_KEPT_SHARE = 0.2  # of the words of such a name stay in the passage


class Examples(NamedTuple):
    """What is learnt from.

    Attributes:
        queries: Counts of words, shape (pairs, rows of the table), each 1.
        passages: The same for the code, 1 + ln(times).
        packages: The number of the package of each pair.
        query_keys: Equal for equal queries.
        passage_keys: Equal for equal beginnings of passages.
        words: With a row of their own, most frequent first.
        stops: Rows of words that say nothing in a query.
    """

    queries: sp.csr_matrix
    passages: sp.csr_matrix
    packages: NDArray[np.int64]
    query_keys: NDArray[np.int64]
    passage_keys: NDArray[np.int64]
    words: list[str]
    stops: NDArray[np.int64]


def make_examples(packages: Sequence[Sequence[Pair]], seed: int) -> Examples:
    """Choose queries and passages from the pairs of each package, and count their words."""
    chooser = random.Random(seed)
    queries: list[str] = []
    passages: list[str] = []
    owners: list[int] = []
    for number, pairs in enumerate(packages):
        chosen = [one for pair in pairs for one in _example(pair, chooser)]
        if len(chosen) > MOST_PAIRS_OF_A_PACKAGE:
            chosen = chooser.sample(chosen, MOST_PAIRS_OF_A_PACKAGE)
        queries += [query for query, _ in chosen]
        passages += [passage for _, passage in chosen]
        owners += [number] * len(chosen)
    words = _vocabulary(queries, passages, owners)
    numbers = {word: number for number, word in enumerate(words)}
    asked, told = _counts(queries, numbers), _counts(passages, numbers)
    asked.data[:] = 1
    stops = STOP_WORDS | {stem(word) for word in STOP_WORDS}
    return Examples(
        asked,
        told,
        np.array(owners),
        np.array([zlib.crc32(query.encode()) for query in queries]),
        np.array([zlib.crc32(passage[:300].encode()) for passage in passages]),
        words,
        np.array(sorted(numbers[word] for word in stops if word in numbers)),
    )


def _example(pair: Pair, chooser: random.Random) -> list[tuple[str, str]]:
    if pair.documentation:
        bare = chooser.random() < BARE_SHARE
        return [(pair.documentation, pair.code if bare else f"{pair.qualified} {pair.code}")]
    if chooser.random() < NAMES_SHARE:
        own = set(pair.name.split())
        kept = (w for w in pair.code.split() if w not in own or chooser.random() < NAME_KEPT_SHARE)
        return [(pair.name, " ".join(kept))]
    return []


def _vocabulary(queries: Sequence[str], passages: Sequence[str], owners: Sequence[int]) -> list[str]:
    times: Counter[str] = Counter()
    holders: dict[str, set[int]] = {}
    for query, passage, owner in zip(queries, passages, owners, strict=True):
        for word in set(query.split()).union(passage.split()):
            times[word] += 1
            if times[word] < OFTEN:
                holders.setdefault(word, set()).add(owner)
    kept = [w for w, n in times.items() if n >= OFTEN or len(holders[w]) >= FEWEST_PACKAGES]
    return sorted(kept, key=lambda word: (-times[word], word))[:MOST_WORDS]


def _counts(texts: Sequence[str], numbers: dict[str, int]) -> sp.csr_matrix:
    shared = len(numbers)
    places: list[int] = []
    times: list[int] = []
    ends = [0]
    for text in texts:
        counted = Counter(text.split())
        for word in counted:
            known = numbers.get(word)
            places.append(shared + zlib.crc32(word.encode()) % BUCKETS if known is None else known)
        times += counted.values()
        ends.append(len(places))
    values = 1 + np.log(np.array(times, np.float32))
    made = sp.csr_matrix((values, np.array(places), np.array(ends)), shape=(len(texts), shared + BUCKETS))
    made.sum_duplicates()
    return made
