"""Learn the rows and the weights of the table from examples.

It begins with what words of documentation and of code occur together (positive pointwise mutual information,
factored) and goes on by contrast: of all passages of a batch, most of which come from the same packages, a
query is to be nearest to its own (InfoNCE, https://arxiv.org/abs/1807.03748, both ways), by AdaGrad. What
words in common say already is added before the comparison, so that the table learns what they leave open.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp  # pyright: ignore[reportMissingImports] - of requirements.txt beside
from numpy.typing import NDArray

from scripts.embedder.examples import Examples

DIMENSIONS = 192
BATCH, OF_ONE_PACKAGE = 1024, 256
TEMPERATURE = 0.07
LEXICAL_SHARE = 0.25  # of a unit of BM25 against one of nearness divided by the temperature
ROW_RATE, WEIGHT_RATE = 0.15, 0.02
SAMPLE = 150_000  # pairs for the beginning
STOP_WEIGHT = 0.02
LEAST_WEIGHT = 0.01

Floats = NDArray[np.floating]


class Learnt(NamedTuple):
    """Rows, shape (rows, dimensions), and the weights of words in queries and in passages, shape (rows,)."""

    rows: Floats
    query_weights: Floats
    passage_weights: Floats


class _Side(NamedTuple):
    counts: sp.csr_matrix
    columns: NDArray[np.int64]
    rows: Floats
    means: Floats
    lengths: Floats


def learn(examples: Examples, steps: int, seed: int, report: Callable[[str], None]) -> Learnt:
    """Learn a table.

    Args:
        examples: What from.
        steps: How many batches.
        seed: Of all that is drawn.
        report: Called now and then with how it goes.
    """
    random = np.random.default_rng(seed)
    rarity = _rarity(examples)
    table = Learnt(_beginning(examples, random), rarity.copy(), rarity.copy())
    table.query_weights[examples.stops] = STOP_WEIGHT
    lexical = _lexical_weights(examples)
    seen = Learnt(
        np.full((len(rarity), 1), 1e-8, np.float32),
        np.full(len(rarity), 1e-3, np.float32),
        np.full(len(rarity), 1e-3, np.float32),
    )
    losses: list[float] = []
    batches = _batches(examples.packages, random)
    for step in range(steps):
        losses.append(_step(examples, lexical, next(batches), table, seen, rate=1 - step / steps))
        if (step + 1) % 50 == 0:
            report(f"{step + 1} of {steps} batches, loss {np.mean(losses[-50:]):.3f}")
    return table


def _rarity(examples: Examples) -> Floats:
    """Return ln(1 + N / (1 + n)) of each word, n the texts of N that hold it, 1 on average."""
    size = examples.passages.shape[1]
    holding = np.bincount(examples.passages.indices, minlength=size)
    holding += np.bincount(examples.queries.indices, minlength=size)
    rarity = np.log(1 + examples.queries.shape[0] / (1 + holding))
    return (np.maximum(rarity, 0.1) / rarity.mean()).astype(np.float32)


def _beginning(examples: Examples, random: np.random.Generator) -> Floats:
    """Return rows of length 1: the first eigenvectors of the mutual information of words in pairs."""
    chosen = random.permutation(examples.queries.shape[0])[:SAMPLE]
    sides = [
        sp.diags(1 / np.sqrt(np.maximum(1, counts.getnnz(1)))) @ counts
        for counts in (examples.queries[chosen], examples.passages[chosen])
    ]
    together = (sides[0].T @ sides[1]).tocoo()
    size = together.shape[0]
    asked = np.asarray(together.sum(1)).ravel() + 1e-9
    told = np.asarray(together.sum(0)).ravel() + 1e-9
    told = told**0.75 * (told.sum() / (told**0.75).sum())
    information = np.log(together.data * together.data.sum() / (asked[together.row] * told[together.col]))
    kept = (information > 0) & (together.data > 0.05)
    shape = (information[kept].astype(np.float32), (together.row[kept], together.col[kept]))
    matrix = sp.csr_matrix(shape, shape=(size, size))
    matrix = (matrix + matrix.T) * 0.5
    spread = matrix @ random.standard_normal((size, DIMENSIONS + 16), dtype=np.float32)
    spread = matrix @ (matrix @ np.linalg.qr(spread)[0])
    spread = matrix @ np.linalg.qr(spread)[0]
    basis = np.linalg.qr(spread)[0]
    values, vectors = np.linalg.eigh(basis.T @ (matrix @ basis))
    first = np.argsort(-values)[:DIMENSIONS]
    rows = (basis @ vectors[:, first]) * np.sqrt(np.maximum(values[first], 0))
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.where(lengths > 1e-6, rows / np.maximum(lengths, 1e-6), 0)
    rows = rows + 0.02 * random.standard_normal(rows.shape, dtype=np.float32)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _batches(packages: NDArray[np.int64], random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield the numbers of the pairs of each batch, without end: a few pieces of a package each."""
    while True:
        pieces: list[NDArray[np.int64]] = []
        for package in range(int(packages.max()) + 1):
            order = random.permutation(np.flatnonzero(packages == package))
            pieces += [order[at : at + OF_ONE_PACKAGE] for at in range(0, len(order), OF_ONE_PACKAGE)]
        batch: list[NDArray[np.int64]] = []
        for piece in random.permutation(len(pieces)):
            batch.append(pieces[piece])
            if sum(map(len, batch)) >= BATCH:
                yield np.concatenate(batch)
                batch = []


def _lexical_weights(examples: Examples) -> Floats:
    """Return the inverse document frequency of each word as BM25 counts it, 0 for words that say nothing."""
    holding = np.bincount(examples.passages.indices, minlength=examples.passages.shape[1])
    total = examples.passages.shape[0]
    weights = np.log(1 + (total - holding + 0.5) / (holding + 0.5)).astype(np.float32)
    weights[examples.stops] = 0
    return weights


def _lexical(examples: Examples, lexical: Floats, pairs: NDArray[np.int64]) -> Floats:
    """Return what words in common say, as BM25 without lengths (k1 1.2), shape (pairs, pairs)."""
    queries, passages = examples.queries[pairs], examples.passages[pairs]
    times = np.exp(passages.data - 1)
    passages.data = (times * 2.2 / (times + 1.2)).astype(np.float32)
    queries.data = lexical[queries.indices]
    found: Floats = (queries @ passages.T).toarray()
    return found


def _step(
    examples: Examples,
    lexical: Floats,
    pairs: NDArray[np.int64],
    table: Learnt,
    seen: Learnt,
    *,
    rate: float,
) -> float:
    query = _side(examples.queries[pairs], table.rows, table.query_weights)
    passage = _side(examples.passages[pairs], table.rows, table.passage_weights)
    nearness = query.means @ passage.means.T / TEMPERATURE
    nearness += LEXICAL_SHARE * _lexical(examples, lexical, pairs)
    same = _equal(examples.query_keys[pairs]) | _equal(examples.passage_keys[pairs])
    np.fill_diagonal(same, False)
    nearness[same] = -30
    of_query, of_passage = _softmax(nearness), _softmax(nearness.T).T
    own = np.arange(len(pairs))
    loss = float(-np.log(of_query[own, own] + 1e-9).mean())
    slope = (of_query + of_passage) / 2
    slope[own, own] -= 1
    slope[same] = 0
    slope /= TEMPERATURE * len(pairs)
    changes = (
        _slopes(query, slope @ passage.means, table.query_weights),
        _slopes(passage, slope.T @ query.means, table.passage_weights),
    )
    for side, (of_rows, of_weights), weights, before in zip(
        (query, passage), changes, table[1:], seen[1:], strict=True
    ):
        before[side.columns] += of_weights**2
        weights[side.columns] -= WEIGHT_RATE * rate * of_weights / np.sqrt(before[side.columns])
        np.maximum(weights, LEAST_WEIGHT, out=weights)
        seen.rows[side.columns] += (of_rows * of_rows).mean(1, keepdims=True)
        scale = ROW_RATE * rate / np.sqrt(seen.rows[side.columns] * DIMENSIONS)
        table.rows[side.columns] -= scale * of_rows
    table.query_weights[examples.stops] = STOP_WEIGHT
    return loss


def _side(counts: sp.csr_matrix, rows: Floats, weights: Floats) -> _Side:
    columns, places = np.unique(counts.indices, return_inverse=True)
    shape = (counts.shape[0], len(columns))
    counts = sp.csr_matrix((counts.data, places.astype(np.int32), counts.indptr), shape=shape)
    chosen = rows[columns]
    sums = counts @ (chosen * weights[columns][:, None])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True) + 1e-6
    return _Side(counts, columns, chosen, sums / lengths, lengths)


def _slopes(side: _Side, slope: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the slopes of the rows and of the weights from that of the vectors of length 1."""
    slope = (slope - side.means * (slope * side.means).sum(1, keepdims=True)) / side.lengths
    spread = side.counts.T @ slope
    return spread * weights[side.columns][:, None], np.einsum("ij,ij->i", spread, side.rows)


def _softmax(values: Floats) -> Floats:
    raised = np.exp(values - values.max(1, keepdims=True))
    softened: Floats = raised / raised.sum(1, keepdims=True)
    return softened


def _equal(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    equal: NDArray[np.bool_] = keys[:, None] == keys[None]
    return equal
