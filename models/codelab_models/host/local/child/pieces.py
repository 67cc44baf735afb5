"""Tokens of prompts, remembered by the pieces that a tokenizer never joins.

A conversation begins like the one before, and may be counted before it is read. A control token, such as the
one that begins a message, always stands alone, so what lies between two of them has the same tokens in every
prompt.
"""

import hashlib
import re
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator
from threading import Lock

MOST_TOKENS = 1_000_000
"""Tokens that are remembered, in 4 bytes each; the piece that was not asked for longest goes first."""

_MOST_LOOKED_AT = 10_000
_LIKE_A_MARK = re.compile(r"<[^<>\s]{1,60}>|\[/?[A-Z_]{1,30}\]")  # as all families write control tokens


class Pieces:
    """A tokenizer with a memory; safe to use from several threads.

    Args:
        tokenize: Returns the tokens of a text.
        is_mark: Tells whether a text is one control token, before which a prompt may be cut.
    """

    def __init__(self, tokenize: Callable[[str], list[int]], is_mark: Callable[[str], bool]) -> None:
        self._tokenize, self._is_mark = tokenize, is_mark
        self._kept: OrderedDict[bytes, array[int]] = OrderedDict()
        self._size = 0
        self._marks: dict[str, bool] = {}
        self._lock = Lock()

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        found: list[int] = []
        for piece in self._cut(text):
            found += self._of(piece)
        return found

    def _cut(self, text: str) -> Iterator[str]:
        begin = 0
        for found in _LIKE_A_MARK.finditer(text):
            if found.start() > begin and self._marked(found[0]):
                yield text[begin : found.start()]
                begin = found.start()
        yield text[begin:]

    def _marked(self, text: str) -> bool:
        known = self._marks.get(text)
        if known is None:
            if len(self._marks) >= _MOST_LOOKED_AT:
                self._marks.clear()
            known = self._marks[text] = self._is_mark(text)
        return known

    def _of(self, piece: str) -> "array[int]":
        digest = hashlib.blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        with self._lock:
            if (kept := self._kept.get(digest)) is not None:
                self._kept.move_to_end(digest)
                return kept
        made = array("i", self._tokenize(piece))
        with self._lock:
            if digest not in self._kept:
                self._kept[digest] = made
                self._size += len(made)
            while self._size > MOST_TOKENS:
                self._size -= len(self._kept.popitem(last=False)[1])
        return made
