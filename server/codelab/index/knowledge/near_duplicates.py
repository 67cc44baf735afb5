"""Functions, methods and classes whose words are nearly the same, though they are not equal.

Comparing all with all would take minutes in a large workspace. The bits of the vectors say which may be
alike: definitions with the same 16 bits in one place are sorted by length and compared with their neighbours
(locality-sensitive hashing by random hyperplanes, Charikar 2002; the bits are signs of rotated vectors).
Those that lie close are then compared word by word, as their files stand now.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any, NamedTuple

from codelab.index.searching.demotion import demotion
from codelab.index.storing.vectors import serving_embedder
from codelab.index.types import DefinitionPlace, NearDuplicate
from codelab.index.words import words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIKE = 0.9
"""Dice's coefficient of their words from which on two definitions are nearly the same."""

SECONDS = 5.0
"""The longest that words are compared; the longest definitions come first."""

_KINDS = ("function", "method", "class")
_LEAST_WORDS = 40
_LEAST_LINES = 5
_LENGTHS = 1.25  # times the words of the shorter; beyond that their words cannot be as alike
_NEIGHBOURS = 8  # that are compared within a group of the same 16 bits
_DIFFERENT_BITS = 0.15  # share of them; with these limits some 90 of 100 pairs are found
_PLAIN = frozenset(("test", "spec", "fixtur", "mock", "exampl", "doc", "index", "init", "intern", "hidden"))


class Definition(NamedTuple):
    """A definition of the workspace: its chunk, how many words it has, and where it stands."""

    chunk: int
    words: int
    start: int
    end: int
    symbol: str
    path: str


class LookAlikes(NamedTuple):
    """What may be alike.

    Attributes:
        definitions: All that were compared; none where there are no vectors.
        pairs: Their places in ``definitions``, the longest first.
    """

    definitions: tuple[Definition, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()


def look_alikes(connection: Connection, worktree: int) -> LookAlikes:
    """Find definitions whose vectors are nearly the same; not in vendored and generated files.

    Args:
        connection: The index, in a transaction.
        worktree: The number of the worktree in it.
    """
    embedder = serving_embedder(connection, worktree)
    definitions = _definitions(connection, worktree, embedder.number) if embedder is not None else ()
    if embedder is None or len(definitions) < 2:
        return LookAlikes(definitions)
    return LookAlikes(
        definitions, tuple(_pairs(definitions, _bits(connection, embedder.number, definitions)))
    )


def near_duplicates(
    found: LookAlikes, read: Callable[[str], bytes], *, seconds: float = SECONDS
) -> tuple[list[NearDuplicate], bool]:
    """Return those of the definitions that look alike whose words are nearly the same.

    Args:
        found: As ``look_alikes`` gives them.
        read: Returns the text of a file.
        seconds: The longest that words are compared.

    Returns:
        Pairs, the longest first, of more than two that are alike only as many as tie them together; and
        whether there was time for all.
    """
    until = time.monotonic() + seconds
    words = _Words(found.definitions, read)
    groups = list(range(len(found.definitions)))  # each points towards the first of those that are alike
    pairs: list[NearDuplicate] = []
    for one, other in found.pairs:
        if time.monotonic() > until:
            return pairs, False
        first, second = _top(groups, one), _top(groups, other)
        alike = _dice(words.of(one), words.of(other)) if first != second else 0.0
        if alike >= ALIKE:
            groups[second] = first
            pairs.append(
                NearDuplicate(
                    _place(found.definitions[one]), _place(found.definitions[other]), round(alike, 3)
                )
            )
    return pairs, True


def _definitions(connection: Connection, worktree: int, embedder: int) -> tuple[Definition, ...]:
    rows = connection.execute(
        "SELECT c.id, c.length, c.start_line, c.end_line, c.symbol, min(p.path) FROM file f"
        " CROSS JOIN path p ON p.id = f.path CROSS JOIN blob b ON b.id = f.blob"
        " CROSS JOIN chunk c ON c.id >= b.first_chunk AND c.id < b.first_chunk + b.chunks"
        " WHERE f.worktree = ? AND c.kind IN (?, ?, ?) AND c.length >= ? AND c.end_line - c.start_line > ?"
        " AND EXISTS (SELECT 1 FROM vector_bits v WHERE v.blob = b.id AND v.embedder = ?) GROUP BY c.id",
        (worktree, *_KINDS, _LEAST_WORDS, _LEAST_LINES - 1, embedder),
    )
    return tuple(one for one in map(Definition._make, rows) if demotion(one.path, _PLAIN) == 1)


def _pairs(definitions: Sequence[Definition], bits: "NDArray[Any]") -> Iterator[tuple[int, int]]:
    """Yield pairs that may be alike: the longest first, then the nearest."""
    import numpy as np

    lengths = np.array([one.words for one in definitions])
    most = int(_DIFFERENT_BITS * 64 * bits.shape[1])
    found = []
    for keys in bits.view("<u2").T:
        order = np.lexsort((lengths, keys))
        for step in range(1, _NEIGHBOURS + 1):
            one, other = order[:-step], order[step:]
            near = (keys[one] == keys[other]) & (lengths[other] <= _LENGTHS * lengths[one])
            one, other = one[near], other[near]
            different = np.bitwise_count(bits[one] ^ bits[other]).sum(axis=1, dtype=np.int64)
            kept = different <= most
            pair = np.sort(np.stack((one[kept], other[kept]), axis=1), axis=1)
            found.append(np.column_stack((pair, different[kept])))
    pairs = np.unique(np.concatenate(found), axis=0)
    shorter = lengths[pairs[:, :2]].min(axis=1)
    for one, other, _ in pairs[np.lexsort((pairs[:, 2], -shorter))].tolist():
        yield one, other


def _bits(connection: Connection, embedder: int, definitions: Sequence[Definition]) -> "NDArray[Any]":
    import numpy as np

    wanted = {one.chunk: number for number, one in enumerate(definitions)}
    rows: list[Any] = [None] * len(definitions)
    for first, chunks, data in connection.execute(
        "SELECT v.first_chunk, b.chunks, v.bits FROM vector_bits v CROSS JOIN blob b ON b.id = v.blob"
        " WHERE +v.embedder = ?",
        (embedder,),
    ):
        packed = np.frombuffer(data, "<u8").reshape(chunks, -1)
        for place in range(chunks):
            if (number := wanted.get(first + place)) is not None:
                rows[number] = packed[place]
    return np.stack(rows)


class _Words:
    def __init__(self, definitions: Sequence[Definition], read: Callable[[str], bytes]) -> None:
        self._definitions, self._read = definitions, read
        self._lines: dict[str, list[bytes]] = {}
        self._counted: dict[int, Counter[str]] = {}

    def of(self, number: int) -> "Counter[str]":
        counted = self._counted.get(number)
        if counted is None:
            one = self._definitions[number]
            if one.path not in self._lines:
                self._lines[one.path] = self._read(one.path).splitlines()
            text = b"\n".join(self._lines[one.path][one.start - 1 : one.end])
            counted = self._counted[number] = Counter(words_of(text.decode("utf-8", "replace")).split())
        return counted


def _dice(one: "Counter[str]", other: "Counter[str]") -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def _top(groups: list[int], number: int) -> int:
    while groups[number] != number:
        groups[number] = number = groups[groups[number]]
    return number


def _place(definition: Definition) -> DefinitionPlace:
    return DefinitionPlace(definition.path, definition.start, definition.end, definition.symbol)
