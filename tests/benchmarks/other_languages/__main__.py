"""How well search answers about repositories in Go, Rust, Java, Kotlin, C#, C, C++, Ruby, PHP and Lua.

    python -m tests.benchmarks.other_languages TREES [--repository NAME] [--half HALF] [--json FILE]

TREES is a folder with one tree per repository; what is not there is fetched into it with ``apt-get source``,
which needs a machine whose package sources include ``deb-src``. The queries and the files that answer them
were written down from outlines and a look into the code, before any search was run; the figures are as by
``codelab index report --labelled``: NDCG of the first ten passages. Half of the repositories were looked at
while the search was mended, the others are only scored. Beside the search stand the same search without
vectors, and the floor in the same run: plain BM25 (k1 1.2, b 0.75) over pieces of 50 lines, identifiers split
and stemmed, each file at the place of its best piece.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.core.positions import LineSpan
from codelab.index.building.build import WorktreeIndexer
from codelab.index.embedding.background import embed_worktree
from codelab.index.reader import IndexReader
from codelab.index.searching.labelled import LabelledQuery, judge
from codelab.index.types import Hit
from tests.benchmarks.bm25 import Bm25
from tests.benchmarks.other_languages.corpora import Asked, Corpus, corpora, fetch, queries

TOP = 10
PIECE = 50  # lines
MOST_BYTES = 1_000_000  # of a file that the floor reads
CATEGORIES = ("architecture", "semantic", "symbol")
FINDERS = ("BM25", "without vectors", "search")


class Row(NamedTuple):
    """The NDCG of one query with each of ``FINDERS``, and the files that the last of them found."""

    half: str
    repository: str
    category: str
    query: str
    scores: tuple[float, ...]
    paths: tuple[str, ...]


class Floor:
    """BM25 over pieces of all text files of a tree."""

    def __init__(self, tree: Path) -> None:
        self._paths: list[str] = []
        pieces: list[str] = []
        for file in sorted(tree.rglob("*")):
            if file.is_file() and file.stat().st_size <= MOST_BYTES:
                try:
                    lines = file.read_text(encoding="utf-8").split("\n")
                except UnicodeDecodeError:
                    continue
                of_file = ["\n".join(lines[start : start + PIECE]) for start in range(0, len(lines), PIECE)]
                self._paths += [file.relative_to(tree).as_posix()] * len(of_file)
                pieces += of_file
        self._bm25 = Bm25(pieces)

    def paths_of(self, query: str) -> list[str]:
        """Return the best files, best first."""
        return list(dict.fromkeys(self._paths[number] for number in self._bm25.rank(query)))[:TOP]


def ndcg(asked: Asked, paths: Sequence[str]) -> float:
    """Return the NDCG of the files of the passages that were found for a query, best first."""
    targets = tuple(LineSpan(path, 1, 1) for path in asked.paths)
    hits = [Hit(path, 1, 1, 0.0, "", "", "") for path in paths]
    return judge([LabelledQuery(asked.text, targets)], [hits], lambda path: True, TOP).ndcg


def ask(corpus: Corpus, tree: Path, places: Places) -> list[Row]:
    """Index a tree and ask all that is asked about it."""
    with WorktreeIndexer(tree, places, Settings()) as indexer:
        indexer.sweep()
        embed_worktree(tree, indexer.folder, places, Settings())
    readers = [IndexReader.open(tree, places), IndexReader.open(tree, places, Settings())]
    finders: list[Callable[[str], list[str]]] = [Floor(tree).paths_of]
    finders += [partial(paths_found, reader) for reader in readers]
    rows = []
    for one in queries(corpus):
        found = [find(one.text) for find in finders]
        scores = tuple(ndcg(one, paths) for paths in found)
        rows.append(Row(corpus.half, corpus.name, one.category, one.text, scores, tuple(found[-1])))
    for reader in readers:
        reader.close()
    return rows


def paths_found(reader: IndexReader, text: str) -> list[str]:
    """Return the files of the passages that a search finds, best first."""
    return [hit.path for hit in reader.search(text, limit=TOP)]


def line(name: str, rows: Sequence[Row], finder: int) -> str:
    """Lay out the means of some queries, in all (of the repositories' means) and by category."""
    repositories = {row.repository for row in rows}
    means = [fmean(r.scores[finder] for r in rows if r.repository == name) for name in sorted(repositories)]
    cells = [f"{fmean(means):.3f}"]
    for category in CATEGORIES:
        within = [
            [r.scores[finder] for r in rows if r.repository == name and r.category == category]
            for name in sorted(repositories)
        ]
        cells.append(f"{fmean(map(fmean, within)):.3f}")
    return f"| {name} | {' | '.join(cells)} |"


def table(rows: Sequence[Row]) -> str:
    """Lay out the figures as Markdown."""
    lines = [f"| | all | {' | '.join(CATEGORIES)} |", "|---|---|---|---|---|"]
    lines += [
        line(f"{half}: {name}", chosen, finder)
        for half in dict.fromkeys(row.half for row in rows)
        if (chosen := [row for row in rows if row.half == half])
        for finder, name in enumerate(FINDERS)
    ]
    lines += [
        line(name, [row for row in rows if row.repository == name], len(FINDERS) - 1)
        for name in dict.fromkeys(row.repository for row in rows)
    ]
    return "\n".join(lines)


def main() -> None:
    """Ask about every repository, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("trees", type=Path, help="folder with one tree per repository")
    parser.add_argument("--repository", action="append", help="only this one (may be repeated)")
    parser.add_argument("--half", help="only 'mended' or 'held out'")
    parser.add_argument("--home", type=Path, help="keep the indexes in this folder")
    parser.add_argument("--json", type=Path, help="also write what each query got to this file")
    args = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="codelab-") as scratch:
        home: Path = args.home or Path(scratch)
        for corpus in corpora():
            if args.half in (None, corpus.half) and corpus.name in (args.repository or [corpus.name]):
                places = Places(home / "a", home / "b", home / "c")
                rows += ask(corpus, fetch(corpus, args.trees), places)
    sys.stdout.write(table(rows) + "\n")
    if args.json:
        args.json.write_text(json.dumps([row._asdict() for row in rows], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
