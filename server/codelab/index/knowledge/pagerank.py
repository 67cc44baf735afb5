"""Personalised PageRank by power iteration (Page, Brin, Motwani and Winograd, 1999, section 2.6)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DAMPING = 0.85
"""How likely the walker follows an edge instead of starting anew; the value of the original paper."""

_MOST_ROUNDS = 60
_CLOSE_ENOUGH = 1e-6


def pagerank(
    sources: "NDArray[np.intp]",
    targets: "NDArray[np.intp]",
    weights: "NDArray[np.float64]",
    start: "NDArray[np.float64]",
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Return where a walker is found, who follows edges and now and then starts anew.

    Args:
        sources: The node from which each edge leads, (edges,).
        targets: The node to which it leads, (edges,).
        weights: How likely it is followed, (edges,); starting anew from any node counts as an edge of 1.
        start: How likely each node is where the walker starts, (nodes,); not all zero.

    Returns:
        The probability of each node, (nodes,), and what flows along each edge, (edges,).
    """
    import numpy as np

    nodes = len(start)
    start = start / start.sum()
    out = np.bincount(sources, weights, nodes)
    loose = 1 / (1 + out)  # who has next to no edges starts anew rather than follow a weak one for certain
    share = weights / (1 + out[sources])
    rank = start
    for _ in range(_MOST_ROUNDS):
        flowing = np.bincount(targets, rank[sources] * share, nodes)
        after = DAMPING * (flowing + (rank * loose).sum() * start) + (1 - DAMPING) * start
        done = np.abs(after - rank).sum() < _CLOSE_ENOUGH
        rank = after
        if done:
            break
    return rank, rank[sources] * share
