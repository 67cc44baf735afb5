"""BM25 of the best among many passages, without asking for that of each."""

import os
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from codelab.index.parsing.analyse import Analysed, analyse
from codelab.index.searching.candidates import telling_path_words
from codelab.index.searching.matching import match_expression, matching_scores
from codelab.index.searching.remembered import PathWord, Remembered
from codelab.index.storing import database, writer

pytestmark = pytest.mark.req("INDEX-4")

MANY = 6_000
TERMS = ("rare", "common")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    opened = database.open_for_writing(tmp_path)
    yield opened
    opened.close()


def add_passages(connection: Connection, passages: int) -> None:
    """Put a content in the index: many passages hold a common word, some a rare one, some in their names."""
    nothing = analyse("a.txt", b"")
    chunks = [
        (1, 1, 20, "", "", "", "rare" if n % 997 == 0 else "", " ".join(words_of_passage(n)))
        for n in range(passages)
    ]
    with writer.transaction(connection):
        writer.worktree_id(connection, "/w")
        writer.write_blobs(
            connection, [(os.urandom(20), Analysed._make([*nothing[:3], chunks, *nothing[4:]]))]
        )


def words_of_passage(number: int) -> list[str]:
    """Return 20 words, of which up to 4 are the common one."""
    words = ["common"] * max(0, number % 10 - 5) + ["rare"] * (number % 101 == 0)
    return words + [f"other{number % 7}"] * (20 - len(words))


def scores_of_all(connection: Connection) -> dict[int, float]:
    return dict(
        connection.execute(
            "SELECT rowid, -rank FROM chunk_words WHERE chunk_words MATCH ? AND rank MATCH 'bm25(3.0, 1.0)'",
            (match_expression(TERMS),),
        ).fetchall()
    )


@pytest.mark.parametrize("passages", [300, MANY])
def test_the_best_passages_have_the_scores_that_asking_for_all_would_give(
    connection: Connection, passages: int
) -> None:
    add_passages(connection, passages)
    everything = scores_of_all(connection)
    remembered = Remembered()
    remembered.renew(connection, 1)
    found = matching_scores(connection, TERMS, 20, [7, 18], remembered)
    assert found.items() <= everything.items()
    best = sorted(everything, key=lambda chunk: -everything[chunk])[:20]
    assert set(best) <= found.keys()
    assert {7, 18} <= found.keys(), "these are wanted however badly they match"
    assert (len(found) < len(everything)) == (passages == MANY), (
        "the control: of very many, not all are asked for"
    )


def test_what_was_written_since_is_found(connection: Connection) -> None:
    remembered = Remembered()
    reader = database.open_for_reading(Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent)
    try:
        for times in (1, 2):
            add_passages(connection, MANY)
            remembered.renew(reader, 1)
            found = matching_scores(reader, TERMS, 20, [], remembered)
            assert max(found) > (times - 1) * MANY
    finally:
        reader.close()


def test_words_that_no_passage_holds_find_nothing(connection: Connection) -> None:
    add_passages(connection, 3)
    remembered = Remembered()
    remembered.renew(connection, 1)
    assert matching_scores(connection, ("nowhere", 'quo"te'), 20, [], remembered) == {}
    assert matching_scores(connection, (), 20, [1], remembered) == {}


def word(paths: int, **others: int) -> PathWord:
    """Return what paths hold of a word."""
    return PathWord(paths, others, frozenset(others))


def test_paths_are_looked_up_by_rare_words_and_their_forms_and_else_by_common_words() -> None:
    test, serializ = word(40_000, tester=2), word(3, serializer=5)
    assert telling_path_words({"test": test, "serializ": serializ}) == ["serializ", "serializer"]
    assert telling_path_words({"test": test}) == ["test"]
    assert telling_path_words({"serialization": word(0, serializer=5)}) == ["serializer"]
    assert telling_path_words({"nowhere": word(0)}) == []
