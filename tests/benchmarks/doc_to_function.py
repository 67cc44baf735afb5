"""How well a function is found by the first sentence of its documentation, which is taken out of it first.

    python -m tests.benchmarks.doc_to_function TREE... [--functions 12000] [--queries 1000] [--json FILE]

Each TREE is a folder of Python sources, best of packages that no weight was ever fitted on. Every docstring
of every function is taken out; the trees are indexed as they then are and searched through the real index.
The pool is what had a docstring whose first sentence is a query: three words or more, in this one function
only. The floor, over the same functions in the same run: plain BM25 (k1 1.2, b 0.75) over the words of each
function's text, identifiers split and stemmed. Hits elsewhere than in the pool are passed over. Prints the
mean reciprocal rank and NDCG, both of the first ten, of the floor and of the search, and their ratio.
"""

import argparse
import ast
import json
import math
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.building.build import WorktreeIndexer
from codelab.index.embedding.background import embed_worktree
from codelab.index.reader import IndexReader
from tests.benchmarks.bm25 import Bm25

TOP = 10
LOOKED_AT = 60  # passages asked for, so that ten functions of the pool are among them
LEAST_WORDS, MOST_WORDS = 3, 40
SENTENCE_END = re.compile(r"(?<=[.!?])\s|\n\s*\n|\n\s*(?=[:@>*-])")
TESTS = re.compile(r"(?:^|/)(?:tests?|testing)/|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$")


class Function(NamedTuple):
    """A function of the pool: where it lies once its docstring is gone, its text, and what is asked."""

    path: str
    start_line: int
    end_line: int
    text: str
    query: str


def first_sentence(docstring: str) -> str:
    """Return the first sentence of a docstring on one line."""
    return " ".join(SENTENCE_END.split(docstring.strip(), maxsplit=1)[0].split()).rstrip(".")


def named_functions(
    tree: ast.AST, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Give every function with its qualified name, in the order of the file."""
    for node in ast.iter_child_nodes(tree):
        name = prefix
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}.{node.name}"
            if not isinstance(node, ast.ClassDef):
                yield name, node
        yield from named_functions(node, name)


def without_docstrings(source: str) -> tuple[str, dict[str, str]]:
    """Take the docstrings of functions out of a module.

    Returns:
        What is left, and the docstring of each function by its qualified name.
    """
    lines = source.split("\n")
    taken: dict[str, str] = {}
    cuts: list[tuple[int, int, str]] = []
    for name, node in named_functions(ast.parse(source)):
        text = ast.get_docstring(node)
        if text is None:
            continue
        taken[name] = text
        statement = node.body[0]
        filler = [] if len(node.body) > 1 else [" " * statement.col_offset + "pass"]
        if (
            statement.lineno > node.body[0].lineno
            or lines[statement.lineno - 1].lstrip()[:1] not in "rRuU\"'"
        ):
            continue
        cuts.append((statement.lineno - 1, statement.end_lineno or statement.lineno, "\n".join(filler)))
    for first, after, filler_text in sorted(cuts, reverse=True):
        lines[first:after] = [filler_text] if filler_text else []
    return "\n".join(lines), taken


def functions_of(path: str, source: str) -> tuple[str, list[Function]]:
    """Return a module without docstrings, and those of its functions that can be asked for."""
    text, taken = without_docstrings(source)
    lines = text.split("\n")
    times = Counter(name for name, _ in named_functions(ast.parse(text)))
    found = []
    for name, node in named_functions(ast.parse(text)):
        query = first_sentence(taken.get(name, ""))
        if times[name] == 1 and LEAST_WORDS <= len(query.split()) <= MOST_WORDS and not TESTS.search(path):
            end = node.end_lineno or node.lineno
            found.append(Function(path, node.lineno, end, "\n".join(lines[node.lineno - 1 : end]), query))
    return text, found


def write_pool(trees: Sequence[Path], target: Path, most: int) -> list[Function]:
    """Write the trees without docstrings; return the functions of the pool, each query once."""
    found: list[Function] = []
    for tree in trees:
        for file in sorted(tree.rglob("*.py")):
            path = f"{tree.name}/{file.relative_to(tree).as_posix()}"
            try:
                text, functions = functions_of(path, file.read_text(encoding="utf-8"))
            except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
                continue
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_text(text, encoding="utf-8")
            found += functions
    times = Counter(one.query.lower() for one in found)
    pool = [one for one in found if times[one.query.lower()] == 1]
    return sorted(random.Random(1).sample(pool, min(most, len(pool))))


class Floor(Bm25):
    """BM25 over the words of the pool's functions."""

    def __init__(self, pool: Sequence[Function]) -> None:
        super().__init__([one.text for one in pool])

    def rank(self, query: str) -> list[int]:
        """Return the numbers of the best functions, best first."""
        return super().rank(query)[:TOP]


def ranked_functions(reader: IndexReader, pool: Sequence[Function], query: str) -> list[int]:
    """Return the numbers of the functions of the pool that a search finds, best first, each once.

    A passage stands for the function that most of it lies in, and for those of which it holds the most: short
    ones share a passage, and each of them takes a place.
    """
    by_path: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(pool):
        by_path[one.path].append(number)
    found: dict[int, None] = {}
    for hit in reader.search(query, limit=LOOKED_AT):
        for number in by_path[hit.path]:
            one = pool[number]
            shared = min(hit.end_line, one.end_line) - max(hit.start_line, one.start_line) + 1
            shorter = min(hit.end_line - hit.start_line, one.end_line - one.start_line) + 1
            if 2 * shared >= shorter:
                found.setdefault(number)
    return list(found)[:TOP]


def figures(ranks: Sequence[int | None]) -> tuple[float, float]:
    """Return the mean reciprocal rank and the NDCG of the ranks at which the right one was found."""
    found = [rank for rank in ranks if rank is not None]
    mrr = sum(1 / rank for rank in found) / len(ranks)
    return mrr, sum(1 / math.log2(rank + 1) for rank in found) / len(ranks)


def rank_of(number: int, ranked: Sequence[int]) -> int | None:
    """Return where a number stands, from 1."""
    return ranked.index(number) + 1 if number in ranked else None


def main() -> None:
    """Write the pool, index it, ask, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("trees", type=Path, nargs="+", help="folders of Python sources")
    parser.add_argument("--functions", type=int, default=12_000, help="most functions in the pool")
    parser.add_argument("--queries", type=int, default=1_000, help="most questions")
    parser.add_argument("--json", type=Path, help="also write each query's ranks to this file")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="codelab-") as home:
        root = Path(home) / "pool"
        root.mkdir()
        pool = write_pool([tree.resolve() for tree in args.trees], root, args.functions)
        places = Places(Path(home) / "a", Path(home) / "b", Path(home) / "c")
        with WorktreeIndexer(root, places, Settings()) as indexer:
            indexer.sweep()
            embed_worktree(root, indexer.folder, places, Settings())
        reader, floor = IndexReader.open(root, places, Settings()), Floor(pool)
        asked = random.Random(2).sample(range(len(pool)), min(args.queries, len(pool)))
        began = time.perf_counter()
        ours = [rank_of(n, ranked_functions(reader, pool, pool[n].query)) for n in asked]
        milliseconds = (time.perf_counter() - began) * 1000 / len(asked)
        reader.close()
        least = [rank_of(n, floor.rank(pool[n].query)) for n in asked]
    (our_mrr, our_ndcg), (floor_mrr, floor_ndcg) = figures(ours), figures(least)
    sys.stdout.write(
        f"{len(pool)} functions, {len(asked)} queries, {milliseconds:.1f} ms each\n"
        f"BM25    MRR {floor_mrr:.3f}  NDCG {floor_ndcg:.3f}\n"
        f"search  MRR {our_mrr:.3f}  NDCG {our_ndcg:.3f}\n"
        f"ratio   MRR {our_mrr / floor_mrr:.3f}  NDCG {our_ndcg / floor_ndcg:.3f}\n"
    )
    if args.json:
        rows = [[pool[n].path, pool[n].query, a, b] for n, a, b in zip(asked, ours, least, strict=True)]
        args.json.write_text(json.dumps(rows, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
