"""Lay out what the ranking reaches on annotated queries, as the tables of docs/search.md."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from codelab.index.searching.explain import ADDED, MULTIPLIED
from codelab.index.searching.weights import WEIGHTS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "search.md"
BEGIN, END = "<!-- made by scripts/fit_ranking.py -->", "<!-- end of what is made -->"

Figure = tuple[str, str, float]
"""The repository of a query, its category, and its NDCG@10."""


def by_category(queries: Sequence[Figure]) -> dict[str, float]:
    """Return the mean over repositories of the mean of all queries (``all``), and of each category."""
    found = {}
    for category in ("", *sorted({category for _, category, _ in queries})):
        of_repositories: dict[str, list[float]] = {}
        for name, of, value in queries:
            if category in {"", of}:
                of_repositories.setdefault(name, []).append(value)
        found[category or "all"] = fmean(map(fmean, of_repositories.values()))
    return found


def weights_digest() -> str:
    """Return what tells the weights apart, so that tables made with others are noticed."""
    return hashlib.sha256(repr(WEIGHTS).encode()).hexdigest()[:8]


def name_of(kind: str) -> str:
    """Return the words of docs/search.md for a kind of evidence, or a rule."""
    return ADDED.get(kind) or MULTIPLIED.get(kind) or kind


def table(head: str, rows: Mapping[str, Sequence[Figure]]) -> list[str]:
    """Return the lines of a table in Markdown: one row for each way to rank, one column for each category."""
    figures = {name: by_category(queries) for name, queries in rows.items()}
    columns = list(next(iter(figures.values())))
    return [
        f"| {' | '.join((head, *columns))} |",
        f"|{'---|' * (1 + len(columns))}",
        *(f"| {name} | {' | '.join(f'{of[one]:.3f}' for one in columns)} |" for name, of in figures.items()),
    ]


def lines_of(weighed: Mapping[str, Sequence[Figure]], left_out: Mapping[str, Sequence[Figure]]) -> list[str]:
    """Return both tables: how well some weights rank, and what is lost without each kind of evidence."""
    return [
        f"Weights {weights_digest()}:",
        "",
        *table("Weights", weighed),
        "",
        "With the weights as they are, and one kind of evidence left out, or one rule:",
        "",
        *table("Left out", left_out),
    ]


def write(lines: Sequence[str], page: Path = PAGE) -> None:
    """Put lines between the two marks of a page, in place of what was there."""
    head, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    made = "\n".join((f"{head}{BEGIN}", *lines, END))
    page.write_text(made + rest.partition(END)[2], encoding="utf-8")
