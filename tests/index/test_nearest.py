"""Vectors in the index: the nearest are found, also among many, and only where they belong."""

import os
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import numpy as np
import pytest

from codelab.index.parsing.analyse import Analysed, analyse
from codelab.index.searching.nearest import EXACT_CHUNKS, BitMemory, nearest
from codelab.index.storing import database, writer
from codelab.index.storing.bits import BitMatrix, bits_of, to_bits, to_int8
from codelab.index.storing.vectors import (
    StoredEmbedder,
    Unembedded,
    add_embedder,
    count_embedded,
    find_embedder,
    is_wanted,
    remove_unwanted,
    serve,
    serving_embedder,
    unembedded,
    want,
    want_none,
    write_vectors,
)
from codelab.store import sqlite

pytestmark = pytest.mark.req("INDEX-4", "INDEX-5", "CARD-4")

DIMENSIONS = 96
_NOTHING = analyse("a.txt", b"")
MANY = EXACT_CHUNKS + 500
Vectors = np.ndarray[Any, np.dtype[np.float32]]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    database.open_for_writing(tmp_path).close()
    opened = sqlite.connect(database.database_path(tmp_path), vectors=True)
    yield opened
    opened.close()


def some_vectors(rows: int, seed: int = 0) -> Vectors:
    """Return vectors of length 1 in clusters of very different sizes, as those of code are."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((40, DIMENSIONS)) * np.linspace(2.0, 0.2, DIMENSIONS)
    found = centres[(40 * random.random(rows) ** 2).astype(int)]
    found = found + 0.9 * random.standard_normal((rows, DIMENSIONS)) * np.linspace(2.0, 0.2, DIMENSIONS)
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def add_file(connection: Connection, worktree: str, path: str, chunks: int) -> Unembedded:
    """Put a file with so many chunks in a worktree."""
    number = writer.worktree_id(connection, worktree)
    rows = Analysed._make([*_NOTHING[:3], [(1, 1, 1, "", "", "", "", "word")] * chunks, *_NOTHING[4:]])
    with writer.transaction(connection):
        [(blob, _)] = writer.write_blobs(connection, [(os.urandom(20), rows)])
    first = connection.execute("SELECT first_chunk FROM blob WHERE id = ?", (blob,)).fetchone()[0]
    known = writer.Known(writer.Stamp(1, 1, 1, 1), blob, "")
    writer.map_files(connection, number, [(path, known, None)])
    return Unembedded(blob, first, chunks, path)


def embed(connection: Connection, embedder: StoredEmbedder, of: Unembedded, vectors: Vectors) -> bool:
    packed = to_bits(vectors).tobytes()
    with writer.transaction(connection):
        return write_vectors(connection, embedder, of, to_int8(vectors).tobytes(), packed)


def ask(
    connection: Connection,
    embedder: StoredEmbedder,
    query: Vectors,
    *,
    worktree: str = "/w",
    limit: int = 20,
    memory: BitMemory | None = None,
) -> list[tuple[int, float]]:
    number = writer.worktree_id(connection, worktree)
    return nearest(connection, number, query, limit, embedder=embedder, memory=memory or BitMemory())


def chunks_of(found: list[tuple[int, float]]) -> list[int]:
    return [chunk for chunk, _ in found]


def best(vectors: Vectors, query: Vectors, first: int, limit: int = 20) -> list[int]:
    """Return what comparing everything finds."""
    return [first + int(n) for n in np.argsort(-(vectors @ query), kind="stable")[:limit]]


def test_in_a_small_index_the_nearest_come_in_their_order_with_their_cosines(connection: Connection) -> None:
    embedder, vectors = add_embedder(connection, "r", DIMENSIONS, ""), some_vectors(300)
    one, other = add_file(connection, "/w", "a", 200), add_file(connection, "/w", "b", 100)
    embed(connection, embedder, one, vectors[:200])
    embed(connection, embedder, other, vectors[200:])
    memory = BitMemory()
    found = ask(connection, embedder, vectors[7], memory=memory)
    assert found[0][0] == one.first_chunk + 7
    assert found[0][1] == pytest.approx(1.0, abs=1e-3)
    assert [cosine for _, cosine in found] == sorted((cosine for _, cosine in found), reverse=True)
    exact = vectors @ vectors[7]
    assert all(cosine == pytest.approx(exact[chunk - one.first_chunk], abs=0.02) for chunk, cosine in found)
    assert len(set(chunks_of(found)) & set(best(vectors, vectors[7], one.first_chunk))) >= 19


def test_among_many_nearly_all_of_the_nearest_are_found(connection: Connection) -> None:
    embedder, vectors = add_embedder(connection, "r", DIMENSIONS, ""), some_vectors(MANY)
    queries = some_vectors(15, seed=1)
    file = add_file(connection, "/w", "a", MANY)
    embed(connection, embedder, file, vectors)
    memory = BitMemory()
    hits = sum(
        len(
            set(chunks_of(ask(connection, embedder, q, memory=memory)))
            & set(best(vectors, q, file.first_chunk))
        )
        for q in queries
    )
    assert hits / (20 * len(queries)) >= 0.98
    by_bits_alone = BitMatrix(DIMENSIONS)
    by_bits_alone.add(to_bits(vectors))
    hits = sum(len(set(by_bits_alone.nearest(q, 20).tolist()) & set(best(vectors, q, 0))) for q in queries)
    assert hits / (20 * len(queries)) < 0.9  # the control: it is the comparison that finds them


def test_what_is_added_is_found_and_only_that_is_read(connection: Connection) -> None:
    embedder, vectors = add_embedder(connection, "r", DIMENSIONS, ""), some_vectors(MANY + 1)
    embed(connection, embedder, add_file(connection, "/w", "a", MANY), vectors[:MANY])
    memory = BitMemory()
    ask(connection, embedder, vectors[MANY], memory=memory)
    matrix = memory.refreshed(connection, embedder)
    new = add_file(connection, "/w", "b", 1)
    embed(connection, embedder, new, vectors[MANY:])
    assert ask(connection, embedder, vectors[MANY], memory=memory)[0][0] == new.first_chunk
    assert memory.refreshed(connection, embedder) is matrix
    assert matrix.rows == MANY + 1


def test_a_content_that_takes_the_place_of_another_is_found_by_its_own_vectors(
    connection: Connection,
) -> None:
    embedder, vectors = add_embedder(connection, "r", DIMENSIONS, ""), some_vectors(MANY + 2)
    embed(connection, embedder, add_file(connection, "/w", "a", MANY), vectors[:MANY])
    old = add_file(connection, "/w", "b", 1)
    embed(connection, embedder, old, vectors[MANY : MANY + 1])
    memory = BitMemory()
    assert ask(connection, embedder, vectors[MANY], memory=memory)[0][0] == old.first_chunk
    writer.unmap_files(connection, 1, ["b"])
    writer.drop_unused_blobs(connection, [old.blob])
    assert old.first_chunk not in chunks_of(ask(connection, embedder, vectors[MANY], memory=memory))
    new = add_file(connection, "/w", "c", 1)
    assert new.first_chunk == old.first_chunk
    embed(connection, embedder, new, vectors[MANY + 1 :])
    found = ask(connection, embedder, vectors[MANY + 1], memory=memory)
    assert found[0][0] == new.first_chunk
    assert chunks_of(found).count(new.first_chunk) == 1


def test_after_many_changes_the_memory_holds_what_there_is_and_no_more(connection: Connection) -> None:
    embedder, vectors = add_embedder(connection, "r", DIMENSIONS, ""), some_vectors(MANY)
    embed(connection, embedder, add_file(connection, "/w", "a", MANY), vectors)
    memory = BitMemory()
    memory.refreshed(connection, embedder)
    for _ in range(4):
        file = add_file(connection, "/w", "b", MANY // 2)
        embed(connection, embedder, file, vectors[: MANY // 2])
        memory.refreshed(connection, embedder)
        writer.unmap_files(connection, 1, ["b"])
        writer.drop_unused_blobs(connection, [file.blob])
    assert memory.refreshed(connection, embedder).rows <= MANY * 1.5


@pytest.mark.parametrize("chunks", [50, MANY])
def test_what_only_another_worktree_has_is_not_found(connection: Connection, chunks: int) -> None:
    embedder, vectors = add_embedder(connection, "r", DIMENSIONS, ""), some_vectors(chunks)
    ours, theirs = add_file(connection, "/w", "a", 10), add_file(connection, "/other", "b", chunks)
    embed(connection, embedder, theirs, vectors)
    embed(connection, embedder, ours, some_vectors(10, seed=3))
    found = ask(connection, embedder, vectors[5])
    assert sorted(chunks_of(found)) == list(range(ours.first_chunk, ours.first_chunk + 10))
    assert ask(connection, embedder, vectors[5], worktree="/other")[0][0] == theirs.first_chunk + 5


def test_two_embedders_do_not_mix(connection: Connection) -> None:
    one, two = (
        add_embedder(connection, "r1", DIMENSIONS, "x"),
        add_embedder(connection, "r2", DIMENSIONS, "y"),
    )
    file, vectors = add_file(connection, "/w", "a", 30), some_vectors(30)
    embed(connection, one, file, vectors)
    embed(connection, two, file, -vectors)
    assert ask(connection, one, vectors[3])[0][0] == file.first_chunk + 3
    assert file.first_chunk + 3 not in chunks_of(ask(connection, two, vectors[3], limit=10))


def test_vectors_go_with_their_content(connection: Connection) -> None:
    embedder, file = add_embedder(connection, "r", DIMENSIONS, ""), add_file(connection, "/w", "a", 5)
    embed(connection, embedder, file, some_vectors(5))
    assert count_embedded(connection, 1, embedder.number) == 5
    writer.unmap_files(connection, 1, ["a"])
    writer.drop_unused_blobs(connection, [file.blob])
    for table in ("vector", "vector_bits"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_what_has_no_vectors_is_known_and_what_is_gone_gets_none(connection: Connection) -> None:
    embedder = add_embedder(connection, "r", DIMENSIONS, "")
    one, two = add_file(connection, "/w", "a", 2), add_file(connection, "/w", "b", 3)
    assert unembedded(connection, 1, embedder.number, 10) == [one, two]
    assert embed(connection, embedder, one, some_vectors(2))
    assert unembedded(connection, 1, embedder.number, 10) == [two]
    writer.unmap_files(connection, 1, ["b"])
    writer.drop_unused_blobs(connection, [two.blob])
    assert not embed(connection, embedder, two, some_vectors(3))


def count_vectors(connection: Connection) -> int:
    [(count,)] = connection.execute("SELECT count(*) FROM vector").fetchall()
    return int(count)


def test_vectors_of_an_embedder_go_part_by_part_once_no_worktree_wants_it(connection: Connection) -> None:
    old, new = (
        add_embedder(connection, "old", DIMENSIONS, "x"),
        add_embedder(connection, "new", DIMENSIONS, "y"),
    )
    files = [add_file(connection, "/w", f"{number}", 2) for number in range(100)]
    for file in files:
        embed(connection, old, file, some_vectors(2))
        embed(connection, new, file, some_vectors(2))
    want(connection, 1, old.number)
    serve(connection, 1, old.number)
    want(connection, 1, new.number)
    assert is_wanted(connection, 1, new.number)
    assert not remove_unwanted(connection), "the control: one serves, the other is wanted"
    serve(connection, 1, new.number)
    assert remove_unwanted(connection)
    left = count_vectors(connection)
    assert 200 < left < 400
    assert len(unembedded(connection, 1, old.number, 1000)) == (400 - left) // 2
    while remove_unwanted(connection):
        pass
    assert count_vectors(connection) == 200
    assert find_embedder(connection, "old") is None
    assert serving_embedder(connection, 1) == new
    assert add_embedder(connection, "old", DIMENSIONS, "x").number > new.number


def test_a_worktree_without_vectors_leaves_those_of_the_others(connection: Connection) -> None:
    embedder = add_embedder(connection, "r", DIMENSIONS, "x")
    ours, theirs = add_file(connection, "/w", "a", 2), add_file(connection, "/other", "b", 3)
    for worktree, file in ((1, ours), (2, theirs)):
        embed(connection, embedder, file, some_vectors(file.chunks))
        want(connection, worktree, embedder.number)
        serve(connection, worktree, embedder.number)
    want_none(connection, 1)
    assert serving_embedder(connection, 1) is None
    assert not remove_unwanted(connection)
    assert serving_embedder(connection, 2) == embedder
    want_none(connection, 2)
    while remove_unwanted(connection):
        pass
    assert count_vectors(connection) == 0


def test_a_query_of_which_nothing_is_known_finds_nothing(connection: Connection) -> None:
    embedder, file = add_embedder(connection, "r", DIMENSIONS, ""), add_file(connection, "/w", "a", 3)
    vectors = some_vectors(3)
    vectors[1] = 0.0
    embed(connection, embedder, file, vectors)
    assert ask(connection, embedder, np.zeros(DIMENSIONS, np.float32)) == []
    assert len(ask(connection, embedder, vectors[0])) == 2


@pytest.mark.parametrize(("dimensions", "bits"), [(3, 64), (64, 64), (256, 256), (384, 512), (1536, 512)])
def test_vectors_of_every_length_have_bits(dimensions: int, bits: int) -> None:
    assert bits_of(dimensions) == bits
    vectors = np.random.default_rng(0).standard_normal((5, dimensions)).astype(np.float32)
    matrix = BitMatrix(dimensions)
    matrix.add(to_bits(vectors))
    assert to_bits(vectors).shape == (5, bits // 64)
    assert matrix.nearest(vectors[2], 1).tolist() == [2] or dimensions == 3
