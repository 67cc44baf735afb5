"""How vectors are best kept and searched: each form with its time and what it finds of the true nearest.

    python tests/benchmarks/vector_search.py [VECTORS.npy] [--rows 100000] [--queries 100] [--limit 20]

The vectors are those of a file (rows of length 1), or made here, in clusters. The forms take turns, query by
query; the floor is one multiplication of all vectors in memory with the query, which is also what is exact.

- vec0 float32, vec0 int8: sqlite-vec's own tables, which compare all vectors
- vec0 bits: its table of bits, and the vectors of the 500 best compared from a plain table
- plain int8: all vectors of a plain table compared with sqlite-vec's function
- codelab: bits in memory, 800 compared from the plain table (``codelab.index.searching.nearest``)
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import numpy as np

from codelab.index.parsing.analyse import analyse
from codelab.index.searching.nearest import BitMemory, nearest
from codelab.index.storing import database, writer
from codelab.index.storing.bits import to_bits, to_int8
from codelab.index.storing.vectors import StoredEmbedder, Unembedded, add_embedder, write_vectors
from codelab.store import sqlite

Vectors = np.ndarray[Any, np.dtype[np.float32]]
CHUNKS_OF_A_FILE = 20


def made_vectors(rows: int, dimensions: int = 256) -> Vectors:
    """Return vectors in clusters of different sizes; they are harder to tell apart than those of code."""
    random = np.random.default_rng(0)
    spread = np.linspace(2.0, 0.2, dimensions)
    centres = random.standard_normal((rows // 50, dimensions)) * spread
    found = centres[(len(centres) * random.random(rows) ** 2).astype(int)]
    found += 0.9 * random.standard_normal((rows, dimensions)) * spread
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def fill(connection: Connection, vectors: Vectors) -> StoredEmbedder:
    """Put the vectors into an index, as those of files with a few chunks each, and into vec0 tables."""
    dimensions = vectors.shape[1]
    embedder = add_embedder(connection, "benchmark", dimensions, "")
    numbers, bits = to_int8(vectors), to_bits(vectors)
    empty = analyse("a.txt", b"")
    with writer.transaction(connection):
        worktree = writer.worktree_id(connection, "/w")
        for first in range(0, len(vectors), CHUNKS_OF_A_FILE):
            some = slice(first, min(first + CHUNKS_OF_A_FILE, len(vectors)))
            count = some.stop - some.start
            rows = empty._replace(chunks=[(1, 1, 1, "", "", "", "", "word")] * count)
            [(blob, counts)] = writer.write_blobs(connection, [(first.to_bytes(20, "big"), rows)])
            known = writer.Known(writer.Stamp(1, 1, 1, 1), blob, "")
            writer.map_files(connection, worktree, [(f"{first}", known, counts)])
            start = connection.execute("SELECT first_chunk FROM blob WHERE id = ?", (blob,)).fetchone()[0]
            of = Unembedded(blob, start, count, f"{first}")
            write_vectors(connection, embedder, of, numbers[some].tobytes(), bits[some].tobytes())
        for name, kind in (("f32", "float"), ("i8", "int8"), ("b1", "bit")):
            connection.execute(f"CREATE VIRTUAL TABLE {name} USING vec0 (v {kind}[{dimensions}])")
        ids = range(1, len(vectors) + 1)
        for name, wrap, data in (
            ("f32", "?", vectors),
            ("i8", "vec_int8(?)", numbers),
            ("b1", "vec_bit(?)", np.packbits(vectors > 0, axis=1)),
        ):
            connection.executemany(
                f"INSERT INTO {name} (rowid, v) VALUES (?, {wrap})",
                zip(ids, (row.tobytes() for row in data), strict=True),
            )
    return embedder


def forms(
    connection: Connection, embedder: StoredEmbedder, vectors: Vectors, limit: int
) -> dict[str, Callable[[Vectors], list[int]]]:
    """Return the ways to search, each from a query to numbers of vectors, from 1."""
    memory, base = BitMemory(), embedder.number << 40

    def rows(statement: str, *values: object) -> list[int]:
        return [int(row[0]) for row in connection.execute(statement, values)]

    def by_bits(query: Vectors) -> list[int]:
        found = rows(
            "SELECT rowid FROM b1 WHERE v MATCH vec_bit(?) AND k = 500", np.packbits(query > 0).tobytes()
        )
        return rows(
            "SELECT v.id - ? FROM json_each(?) j CROSS JOIN vector v ON v.id = ? + j.value"
            " ORDER BY vec_distance_cosine(vec_int8(v.data), vec_int8(?)) LIMIT ?",
            *(base, json.dumps(found), base, to_int8(query[None]).tobytes(), limit),
        )

    return {
        "floor": lambda query: (np.argsort(-(vectors @ query), kind="stable")[:limit] + 1).tolist(),
        "vec0 float32": lambda query: rows(
            "SELECT rowid FROM f32 WHERE v MATCH ? AND k = ?", query.tobytes(), limit
        ),
        "vec0 int8": lambda query: rows(
            "SELECT rowid FROM i8 WHERE v MATCH vec_int8(?) AND k = ?", to_int8(query[None]).tobytes(), limit
        ),
        "vec0 bits": by_bits,
        "plain int8": lambda query: rows(
            "SELECT id - ? FROM vector ORDER BY vec_distance_cosine(vec_int8(data), vec_int8(?)) LIMIT ?",
            *(base, to_int8(query[None]).tobytes(), limit),
        ),
        "codelab": lambda query: [
            chunk for chunk, _ in nearest(connection, 1, query, limit, embedder=embedder, memory=memory)
        ],
    }


def measure(vectors: Vectors, queries: int, limit: int) -> None:
    """Measure all forms and print a line for each."""
    random = np.random.default_rng(1)
    some = vectors[random.choice(len(vectors), queries)]
    noise = 0.6 * random.standard_normal(some.shape) / np.sqrt(vectors.shape[1])
    asked = (some + noise).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        database.open_for_writing(Path(folder)).close()
        connection = sqlite.connect(database.database_path(Path(folder)), vectors=True)
        ways = forms(connection, fill(connection, vectors), vectors, limit)
        times: dict[str, list[float]] = {name: [] for name in ways}
        hits = dict.fromkeys(ways, 0)
        for query in asked:
            cosines = vectors @ query
            # Equal passages are equally near: any of them is right.
            enough = np.sort(cosines)[-limit] - 1e-5
            for name, way in ways.items():
                began = time.perf_counter()
                found = way(query)
                times[name].append(time.perf_counter() - began)
                hits[name] += int((cosines[np.array(found) - 1] >= enough).sum())
        connection.close()
    floor = statistics.median(times["floor"])
    sys.stdout.write(
        f"{len(vectors):,} vectors of {vectors.shape[1]}, {queries} queries, the {limit} nearest\n"
    )
    for name, measured in times.items():
        p50, p95 = statistics.median(measured), sorted(measured)[int(0.95 * len(measured))]
        recall = hits[name] / (limit * queries)
        sys.stdout.write(
            f"{name:13} p50 {p50 * 1000:7.2f} ms  p95 {p95 * 1000:7.2f} ms  ratio {p50 / floor:5.2f}"
            f"  recall {recall:.3f}\n"
        )


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("vectors", type=Path, nargs="?", help="a file of vectors, as numpy saves them")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--limit", type=int, default=20)
    options = parser.parse_args()
    given = np.load(options.vectors)[: options.rows] if options.vectors else made_vectors(options.rows)
    measure(given.astype(np.float32), options.queries, options.limit)


if __name__ == "__main__":
    main()
