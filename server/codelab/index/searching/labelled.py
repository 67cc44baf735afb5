"""How good search is on a labelled set: queries with the places that answer them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from statistics import fmean
from typing import Any

from codelab.core.errors import InputError
from codelab.core.positions import LineSpan
from codelab.core.wording import cause_of
from codelab.index.types import Hit

_LAST_LINE = 10**9
_FORM = 'A list of {"query": "...", "relevant": ["path" or {"path", "start_line", "end_line"}, ...]}'


@dataclass(frozen=True, slots=True)
class LabelledQuery:
    """A query and the places that answer it, all worth the same."""

    query: str
    targets: tuple[LineSpan, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """How good search is on a labelled set; each figure is a mean over the queries that were judged.

    Attributes:
        k: Passages looked at for each query.
        queries: Queries judged.
        left_out: Queries none of whose places are in the workspace.
        precision: Share of ``k`` passages that answer.
        recall: Share of the places that are found among ``k`` passages.
        mrr: 1 by the rank of the first passage that answers, or 0.
        ndcg: Gain of 1 for each passage that finds a place not found before it, less the further down, by
            that of the best order (Järvelin and Kekäläinen 2002, logarithm to the base 2).
        mean_relevance: Share of the passages that came, however many, that answer.
    """

    k: int
    queries: int
    left_out: int
    precision: float
    recall: float
    mrr: float
    ndcg: float
    mean_relevance: float


def load_labelled(path: Path) -> list[LabelledQuery]:
    """Read a labelled set.

    Args:
        path: A JSON file: a list of ``{"query", "relevant"}``, where ``relevant`` (and ``secondary``, if
            there) lists paths or ``{"path", "start_line", "end_line"}``. Other keys are ignored.

    Raises:
        InputError: It cannot be read, or is not of that form.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read", why=cause_of(error), fix="Name a labelled set") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON", why=str(error), fix=_FORM) from error
    if not isinstance(data, list) or not data:
        raise InputError(f"{path} holds no list of queries", fix=_FORM)
    return [_query(item, f"{path}, query {at}") for at, item in enumerate(data, 1)]


def judge(
    queries: Sequence[LabelledQuery],
    answers: Sequence[Sequence[Hit]],
    there: Callable[[str], bool],
    k: int = 10,
) -> Quality:
    """Compare what search found with what answers.

    Args:
        queries: The labelled set.
        answers: For each query what was found, best first.
        there: Tells whether the workspace has a file; places in others do not count.
        k: Passages to look at.
    """
    figures = []
    for query, hits in zip(queries, answers, strict=True):
        targets = [one for one in query.targets if there(one.path)]
        if targets:
            figures.append(_figures(targets, hits[:k], k))
    columns = list(zip(*figures, strict=True)) or [(0.0,)] * 5
    precision, recall, mrr, ndcg, relevance = (round(fmean(column), 4) for column in columns)
    left_out = len(queries) - len(figures)
    return Quality(k, len(figures), left_out, precision, recall, mrr, ndcg, relevance)


def _figures(
    targets: Sequence[LineSpan], hits: Sequence[Hit], k: int
) -> tuple[float, float, float, float, float]:
    answering = [any(hit.span.overlaps(one) for one in targets) for hit in hits]
    first_ranks = [
        next((rank for rank, hit in enumerate(hits, 1) if hit.span.overlaps(one)), 0) for one in targets
    ]
    found = {rank for rank in first_ranks if rank}
    ideal = sum(_discount(rank) for rank in range(1, min(k, len(targets)) + 1))
    return (
        sum(answering) / k,
        sum(1 for rank in first_ranks if rank) / len(targets),
        1 / min(found) if found else 0.0,
        sum(map(_discount, found)) / ideal,
        sum(answering) / len(hits) if hits else 0.0,
    )


def _discount(rank: int) -> float:
    return 1 / log2(rank + 1)


def _query(item: Any, where: str) -> LabelledQuery:
    if not isinstance(item, dict) or not isinstance(item.get("query"), str) or not item["query"].strip():
        raise InputError(f"{where} has no query", fix=_FORM)
    places: list[Any] = []
    for key in ("relevant", "secondary"):
        named = item.get(key, [])
        if not isinstance(named, list):
            raise InputError(f"{where}: {key} is no list", fix=_FORM)
        places += named
    if not places:
        raise InputError(f"{where} names no place that answers it", fix=_FORM)
    return LabelledQuery(item["query"], tuple(_span(place, where) for place in places))


def _span(place: Any, where: str) -> LineSpan:
    if isinstance(place, str):
        place = {"path": place}
    if isinstance(place, dict):
        path, first, last = place.get("path"), place.get("start_line", 1), place.get("end_line", _LAST_LINE)
        if isinstance(path, str) and path and type(first) is int and type(last) is int and 1 <= first <= last:
            return LineSpan(path.replace("\\", "/").removeprefix("./"), first, last)
    raise InputError(f"{where}: {json.dumps(place)[:80]} is no place in a file", fix=_FORM)
