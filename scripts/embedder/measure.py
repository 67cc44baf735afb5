"""Measure how well functions are found by their documentation, in packages that nothing was learnt from.

    python -m scripts.embedder.measure FOLDER

The first sentence of a function's documentation is the query; the code without it is to be found among all
functions of the packages held out. Printed are the mean reciprocal ranks among the first ten of BM25 over the
same words (k1 1.2, b 0.75), of the bundled embedder alone, and of both: BM25 in units of its best, plus the
cosine times each of some weights.
"""

import argparse
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.sparse as sp  # pyright: ignore[reportMissingImports] - of requirements.txt beside
from numpy.typing import NDArray

from codelab.index.words import STOP_WORDS, stem
from codelab_models.embedder.bundled import load
from scripts.embedder.fetch import read_sources
from scripts.embedder.pairs import Pair
from scripts.embedder.train import read_pairs

POOL, QUERIES, SEED = 12_000, 1_200, 1
K1, B = 1.2, 0.75
WEIGHTS = (0.3, 0.6, 1.0, 1.5)
_STOPS = STOP_WORDS | {stem(word) for word in STOP_WORDS}


def main() -> None:
    """Measure Python and the other languages apart."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="keeps the archives and their pairs")
    sources = [source for source in read_sources() if source.use == "held out"]
    pairs = [pair for made in read_pairs(sources, parser.parse_args().folder) for pair in made]
    for language, chosen in (
        ("Python", [pair for pair in pairs if pair.language == "python"]),
        ("other languages", [pair for pair in pairs if pair.language != "python"]),
    ):
        measure(language, [pair for pair in chosen if pair.is_function])


def measure(language: str, pairs: list[Pair]) -> None:
    """Print the figures of one pool."""
    random.Random(SEED).shuffle(pairs)
    pool = pairs[:POOL]
    passages = [f"{pair.name} {pair.code}" for pair in pool]
    asked = [number for number, pair in enumerate(pool) if pair.documentation][:QUERIES]
    queries = [pool[number].documentation for number in asked]
    answers = np.array(asked)
    embedder = load()
    cosines = embedder.embed_queries(queries) @ embedder.embed_passages(passages).T
    words = bm25(passages, queries)
    print(f"{language}: {len(queries)} queries, {len(pool)} functions")
    print(f"  BM25 {reciprocal_rank(words, answers):.3f}, alone {reciprocal_rank(cosines, answers):.3f}")
    words /= words.max(axis=1, keepdims=True) + 1e-9
    for weight in WEIGHTS:
        print(f"  both, weight {weight}: {reciprocal_rank(words + weight * cosines, answers):.3f}")


def bm25(passages: Sequence[str], queries: Sequence[str]) -> NDArray[np.float64]:
    """Return the BM25 of each passage for each query, shape (queries, passages)."""
    numbers: dict[str, int] = {}
    places, times, ends = [], [], [0]
    for passage in passages:
        counted = Counter(passage.split())
        places += [numbers.setdefault(word, len(numbers)) for word in counted]
        times += counted.values()
        ends.append(len(places))
    shape = (len(passages), len(numbers))
    counts = sp.csr_matrix((np.array(times, float), places, ends), shape=shape)
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    holding = np.bincount(counts.indices, minlength=len(numbers))
    rarity = np.log(1 + (len(passages) - holding + 0.5) / (holding + 0.5))
    damping = np.repeat(K1 * (1 - B + B * lengths / lengths.mean()), np.diff(counts.indptr))
    counts.data = counts.data * (K1 + 1) / (counts.data + damping) * rarity[counts.indices]
    asked = [[numbers[w] for w in set(query.split()) - _STOPS if w in numbers] for query in queries]
    ends = np.cumsum([0, *map(len, asked)]).tolist()
    flat = [number for query in asked for number in query]
    chosen = sp.csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(queries), len(numbers)))
    scores: NDArray[np.float64] = (chosen @ counts.T).toarray()
    return scores


def reciprocal_rank(scores: NDArray[np.floating], answers: NDArray[np.int64]) -> float:
    """Return the mean of 1 / rank of the answers, 0 beyond the tenth; equals rank behind."""
    own = scores[np.arange(len(answers)), answers][:, None]
    ranks = (scores >= own).sum(axis=1)
    return float(np.where(ranks <= 10, 1 / ranks, 0).mean())


if __name__ == "__main__":
    main()
