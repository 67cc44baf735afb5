"""How long a search takes in a large workspace, in process, against one run of ``rg -i`` over the same files.

    python -m tests.benchmarks.search_latency TREE [--queries 300] [--repetitions 5]

A third of the queries are names of the tree's own symbols, a third the words of a symbol, a third the first
words of documentation comments in it. Before it is measured, every query is asked once: a face answers many,
and what it remembers from one query helps the next. Prints the number of passages, the 50th and the 95th
percentile in milliseconds of the first time and of the later ones, and their ratio to ripgrep's, measured in
between.
"""

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index import database
from codelab.index.background import embed_worktree
from codelab.index.build import WorktreeIndexer
from codelab.index.reader import IndexReader
from codelab.index.repository import find_repository, index_folder
from codelab.store import sqlite

WORDS_ASKED = 9


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def make_queries(tree: Path, places: Places, number: int) -> tuple[int, list[str]]:
    """Return the number of passages in the index, and queries made of what is in the tree."""
    connection = sqlite.connect(
        database.database_path(index_folder(places, find_repository(tree))), read_only=True
    )
    chunks = connection.execute("SELECT chunks FROM total").fetchone()[0]
    symbols = [
        row[0] for row in connection.execute("SELECT DISTINCT qualified FROM definition ORDER BY qualified")
    ]
    connection.close()
    chosen = random.Random(1)
    names = chosen.sample(symbols, number // 3)
    words = [name.replace(".", " ").replace("_", " ") for name in chosen.sample(symbols, number // 3)]
    comments = []
    files = sorted(tree.rglob("*.py"))
    while len(comments) < number // 3:
        text = chosen.choice(files).read_text(encoding="utf-8", errors="replace")
        said = [part.split() for part in text.split('"""')[1::2]]
        comments += [
            " ".join(one[:WORDS_ASKED]) for one in chosen.sample(said, min(1, len(said))) if len(one) > 2
        ]
    return chunks, [*names, *words, *comments]


def percentiles(times: Sequence[float]) -> tuple[float, float]:
    """Return the 50th and the 95th percentile, in milliseconds."""
    ordered = sorted(times)
    return 1000 * ordered[len(ordered) // 2], 1000 * ordered[len(ordered) * 95 // 100]


def main() -> None:
    """Index, ask, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tree", type=Path, help="a folder of Python sources, best with some 100,000 passages")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--repetitions", type=int, default=5)
    args = parser.parse_args()
    tree, ripgrep = args.tree.resolve(), shutil.which("rg")
    with tempfile.TemporaryDirectory(prefix="codelab-") as home:
        places = Places(Path(home) / "a", Path(home) / "b", Path(home) / "c")
        with WorktreeIndexer(tree, places, Settings()) as indexer:
            indexer.sweep()
            embed_worktree(tree, indexer.folder, places, Settings())
        chunks, queries = make_queries(tree, places, args.queries)
        reader = IndexReader.open(tree, places, Settings())
        reader.search("warm up")
        first = [seconds(lambda query=query: reader.search(query)) for query in queries]  # type: ignore[misc]
        later: list[float] = []
        floor: list[float] = []
        for _ in range(args.repetitions):
            later += [seconds(lambda query=query: reader.search(query)) for query in queries]  # type: ignore[misc]
            if ripgrep is not None:
                argv = [ripgrep, "-i", "--count", queries[0].split()[0], str(tree)]
                floor.append(
                    seconds(lambda argv=argv: subprocess.run(argv, capture_output=True, check=False))
                )  # type: ignore[misc]
        reader.close()
    for name, times in (("first", first), ("later", later)):
        p50, p95 = percentiles(times)
        line = f"{name:6} {chunks} passages  p50 {p50:6.1f} ms  p95 {p95:6.1f} ms"
        if floor:
            scan = 1000 * statistics.median(floor)
            line += f"  rg -i {scan:6.1f} ms  p95 ratio {p95 / scan:.3f}"
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
