"""Where two lists of lines differ."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_LINES = 4_000  # of the differing middle; beyond it the matcher would take seconds


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines ``start`` to ``end`` of the old text (from 0, end excluded) become those of the new."""

    start: int
    end: int
    new_start: int
    new_end: int


def hunks(old: Sequence[str], new: Sequence[str]) -> list[Hunk]:
    """Return the differences in order, with at least one equal line between two of them."""
    head = 0
    shorter = min(len(old), len(new))
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if not middle_old and not middle_new:
        return []
    if not middle_old or not middle_new or max(len(middle_old), len(middle_new)) > _MOST_LINES:
        return [Hunk(head, head + len(middle_old), head, head + len(middle_new))]
    matcher = difflib.SequenceMatcher(None, middle_old, middle_new, autojunk=False)
    return [
        Hunk(head + a1, head + a2, head + b1, head + b2)
        for kind, a1, a2, b1, b2 in matcher.get_opcodes()
        if kind != "equal"
    ]
