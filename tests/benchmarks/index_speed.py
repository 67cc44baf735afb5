"""How fast the index is, as ratios to what it cannot be faster than, all measured in one run.

    python tests/benchmarks/index_speed.py TREE [--repetitions 5]

- index: from nothing to searchable, against parsing the same files with bare tree-sitter in one process
- rescan: nothing changed, against ``stat`` of every file
- search: 200 queries made of the tree's own symbols, p50 and p95
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import tree_sitter
import tree_sitter_python

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.build import WorktreeIndexer
from codelab.index.reader import IndexReader
from codelab.store import sqlite


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def parse_bare(texts: list[bytes]) -> None:
    """Parse with nothing but the grammar."""
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))
    for text in texts:
        parser.parse(text)


def stat_all(root: Path) -> None:
    """Ask for the status of every file."""
    for folder, _, names in os.walk(root):
        for name in names:
            os.stat(f"{folder}/{name}")


def names_in(places: Places, root: Path) -> list[str]:
    """Return the words of symbols of the indexed tree."""
    (path,) = (places.cache / "repositories").glob("*/index.db")
    connection = sqlite.connect(path, read_only=True)
    rows = connection.execute("SELECT DISTINCT qualified FROM definition ORDER BY qualified").fetchall()
    connection.close()
    assert root.is_dir()
    return [row[0].replace(".", " ").replace("_", " ") for row in rows]


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def show(name: str, measured: list[float], floor: list[float]) -> None:
    """Print medians and their ratio."""
    ours, least = statistics.median(measured), statistics.median(floor)
    say(f"{name:8} {ours * 1000:9.1f} ms   floor {least * 1000:9.1f} ms   ratio {ours / least:5.2f}")


def measure(tree: Path, repetitions: int) -> None:
    """Measure everything and print it; ours and the floor take turns."""
    texts = [path.read_bytes() for path in tree.rglob("*.py")]
    say(f"{len(texts)} Python files, {sum(map(len, texts)) / 1e6:.1f} MB")
    built, parsed, rescanned, stated = [], [], [], []
    for _ in range(repetitions):
        with tempfile.TemporaryDirectory() as home:
            places = Places(Path(home), Path(home), Path(home))
            parsed.append(seconds(lambda: parse_bare(texts)))
            with WorktreeIndexer(tree, places, Settings()) as indexer:
                built.append(indexer.sweep().searchable_seconds)
                for _ in range(3):
                    stated.append(seconds(lambda: stat_all(tree)))
                    rescanned.append(seconds(indexer.sweep))
    show("index", built, parsed)
    show("rescan", rescanned, stated)
    with tempfile.TemporaryDirectory() as home:
        places = Places(Path(home), Path(home), Path(home))
        with WorktreeIndexer(tree, places, Settings()) as indexer:
            indexer.sweep()
        size = sum(path.stat().st_size for path in Path(home).rglob("index.db*"))
        say(f"on disk  {size / 1e6:9.1f} MB   text  {sum(map(len, texts)) / 1e6:9.1f} MB")
        reader = IndexReader.open(tree, places)
        queries = random.Random(1).sample(names_in(places, tree), 200)
        times = sorted(seconds(lambda query=query: reader.search(query)) for query in queries)  # type: ignore[misc]
        reader.close()
        say(f"search   p50 {times[100] * 1000:.1f} ms   p95 {times[190] * 1000:.1f} ms")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tree", type=Path, help="a folder of Python sources")
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    measure(options.tree.resolve(), options.repetitions)


if __name__ == "__main__":
    main()
