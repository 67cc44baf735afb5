"""Plain BM25 over words split as search splits them: the floor of the benchmarks of what is found."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from codelab.index.words import words_of

K1, B = 1.2, 0.75


class Bm25:
    """Some texts, ranked by BM25 (Robertson and Zaragoza, 2009).

    Args:
        texts: What is ranked.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        counted = [Counter(words_of(text).split()) for text in texts]
        self._lengths = [one.total() for one in counted]
        self._average = sum(self._lengths) / len(texts)
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, words in enumerate(counted):
            for word, times in words.items():
                self._postings[word].append((number, times))

    def rank(self, query: str) -> list[int]:
        """Return the numbers of the texts that hold a word of the query, best first."""
        scores: dict[int, float] = defaultdict(float)
        for word in dict.fromkeys(words_of(query).split()):
            postings = self._postings.get(word, ())
            weight = math.log(1 + (len(self._lengths) - len(postings) + 0.5) / (len(postings) + 0.5))
            for number, times in postings:
                damping = K1 * (1 - B + B * self._lengths[number] / self._average)
                scores[number] += weight * times * (K1 + 1) / (times + damping)
        return sorted(scores, key=lambda number: (-scores[number], number))
