"""How long a search takes in a large workspace, in process, against ``rg -i`` over the same files.

    python -m tests.benchmarks.search_latency TREE [--queries 100] [--repetitions 5] [--home FOLDER]

The tree is best some packages with 100,000 passages together. The queries are made of what is in it: names of
its symbols, their words, first words of documentation, and questions made of such words, a quarter each. None
is asked twice, so that the vector of each is made and its words are looked up; what a face remembers of the
index from other queries helps, as in use. Printed are the 50th and the 95th percentile, and their ratio
to one ripgrep, which takes its turn in between; then the share of the 20 passages truly nearest to each query
that the bits in memory find.
"""

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from sqlite3 import Connection

import numpy as np

from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.building.build import WorktreeIndexer
from codelab.index.embedding.background import embed_worktree
from codelab.index.files.repository import find_repository, index_folder
from codelab.index.reader import IndexReader
from codelab.index.searching.nearest import BitMemory, nearest
from codelab.index.storing import database
from codelab.index.storing.bits import to_int8
from codelab.index.storing.vectors import EMBEDDER_SHIFT, serving_embedder
from codelab.index.words import words_of
from codelab_models.embedders import bundled_embedder

WORDS_ASKED = 9
NEAREST = 20
WARMING = 25  # queries of each kind that are asked before it is measured
ASKING = ("how does it", "where do we", "what is there to", "how can I")


def make_queries(tree: Path, connection: Connection, number: int) -> dict[str, list[str]]:
    """Return so many queries of each kind, none twice, made of what is in the tree."""
    chosen = random.Random(1)
    symbols = [
        row[0] for row in connection.execute("SELECT DISTINCT qualified FROM definition ORDER BY qualified")
    ]
    names = [one if n % 2 else one.rpartition(".")[2] for n, one in enumerate(chosen.sample(symbols, number))]
    words = [one.replace(".", " ").replace("_", " ") for one in chosen.sample(symbols, number)]
    said: dict[str, None] = {}
    files = sorted(tree.rglob("*.py"))
    while len(said) < 2 * number:
        text = chosen.choice(files).read_text(encoding="utf-8", errors="replace")
        sentences = [" ".join(part.split(".")[0].split()[:WORDS_ASKED]) for part in text.split('"""')[1::2]]
        telling = [one for one in sentences if one.count(" ") > 2]
        said.update(dict.fromkeys(chosen.sample(telling, min(1, len(telling)))))
    documentation = list(said)
    questions = [
        f"{chosen.choice(ASKING)} {one[0].lower()}{one[1:]}?" for one in documentation[number : 2 * number]
    ]
    return {"names": names, "words": words, "documentation": documentation[:number], "questions": questions}


def percentiles(times: Sequence[float]) -> str:
    """Return the 50th and the 95th percentile in words."""
    ordered = sorted(times)
    p50, p95 = ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100]
    return f"p50 {1000 * p50:6.1f} ms  p95 {1000 * p95:6.1f} ms"


def recall(connection: Connection, queries: Sequence[str]) -> tuple[float, int]:
    """Return the share of the truly nearest passages that are found, and how many queries were compared."""
    stored, embedder, memory = serving_embedder(connection, 1), bundled_embedder(), BitMemory()
    if stored is None or embedder is None:
        raise ValueError("the index has no vectors")
    base = stored.number << EMBEDDER_SHIFT
    rows = connection.execute(
        "SELECT id - ?, data FROM vector WHERE id >= ? AND id < ?", (base, base, base + (1 << EMBEDDER_SHIFT))
    ).fetchall()
    numbers = np.frombuffer(b"".join(data for _, data in rows), np.int8)
    vectors = numbers.reshape(len(rows), -1).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    place = {chunk: n for n, (chunk, _) in enumerate(rows)}
    hits = asked = 0
    for vector in embedder.embed_queries([words_of(query) for query in queries]):
        if vector.any():
            query = to_int8(vector[None])[0].astype(np.float32)
            cosines = vectors @ (query / np.linalg.norm(query))
            enough = np.partition(cosines, -NEAREST)[-NEAREST] - 1e-6  # equal passages are equally near
            found = nearest(connection, 1, vector, NEAREST, embedder=stored, memory=memory)
            hits += sum(bool(cosines[place[chunk]] >= enough) for chunk, _ in found)
            asked += 1
    return hits / (NEAREST * asked), asked


def main() -> None:
    """Index, ask, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tree", type=Path, help="a folder of Python sources, best with some 100,000 passages")
    parser.add_argument("--queries", type=int, default=100, help="of each kind")
    parser.add_argument("--repetitions", type=int, default=5, help="parts that they are asked in")
    parser.add_argument("--home", type=Path, help="keep the index here, and use what is there")
    args = parser.parse_args()
    ripgrep = shutil.which("rg")
    if ripgrep is None:
        sys.exit("ripgrep is not there: install it, so that there is something to compare with")
    if args.home is not None:
        measure(args.tree.resolve(), args.home.resolve(), args.queries, args.repetitions, ripgrep)
        return
    with tempfile.TemporaryDirectory(prefix="codelab-") as home:
        measure(args.tree.resolve(), Path(home), args.queries, args.repetitions, ripgrep)


def measure(tree: Path, home: Path, number: int, repetitions: int, ripgrep: str) -> None:
    """Index a tree, ask, and print."""
    places = Places(home / "a", home / "b", home / "c")
    with WorktreeIndexer(tree, places, Settings()) as indexer:
        chunks = indexer.sweep().chunks
        indexer.clean()
        embed_worktree(tree, indexer.folder, places, Settings())
    connection = database.open_for_reading(index_folder(places, find_repository(tree)))
    kinds = make_queries(tree, connection, WARMING + number)
    reader = IndexReader.open(tree, places, Settings())
    for query in chain.from_iterable(queries[:WARMING] for queries in kinds.values()):
        reader.search(query)
    asked = [(kind, query) for kind, queries in kinds.items() for query in queries[WARMING:]]
    random.Random(3).shuffle(asked)
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    floor: list[float] = []
    for part in range(repetitions):
        for kind, query in asked[part::repetitions]:
            began = time.perf_counter()
            reader.search(query)
            times[kind].append(time.perf_counter() - began)
        for _, query in asked[part : 3 * repetitions : repetitions]:
            argv = [ripgrep, "-i", "--count", "--fixed-strings", query.split()[0], str(tree)]
            began = time.perf_counter()
            subprocess.run(argv, capture_output=True, check=False)
            floor.append(time.perf_counter() - began)
    reader.close()
    scan = statistics.median(floor)
    everything = sorted(chain.from_iterable(times.values()))
    p95 = everything[len(everything) * 95 // 100]
    for kind, measured in times.items():
        sys.stdout.write(f"{kind:14} {percentiles(measured)}\n")
    sys.stdout.write(
        f"all            {percentiles(everything)}  rg -i {1000 * scan:6.1f} ms  p95 ratio {p95 / scan:.3f}"
        f"  ({chunks:,} passages, {len(everything)} queries)\n"
    )
    share, compared = recall(connection, [query for _, query in asked])
    connection.close()
    sys.stdout.write(f"recall@{NEAREST} {share:.4f} over {compared} queries\n")


if __name__ == "__main__":
    main()
