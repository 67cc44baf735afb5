"""Passages that a search found, shown to a person: where they are, and the lines that matter most."""

import os
import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from codelab.cli.colouring import Piece, coloured_lines, matching_words
from codelab.cli.terminal import Terminal
from codelab.index.types import Hit
from codelab_grammars.languages import language_of

MOST_LINES = 12
_TAB = 4
_LINE_END = re.compile(r"\r\n|\r|\n")
_NARROWEST = 40
_BEFORE_MATCH = 20  # characters of a line too long to show that stay in front of its first match


def show_passage(
    hit: Hit, text: str, terminal: Terminal, *, first_line: int, terms: Collection[str], root: Path
) -> None:
    """Print one passage: a heading that terminals make a link of, and numbered lines.

    Args:
        hit: What was found.
        text: Its text, with lines around it where those are to be shown.
        terminal: Where to.
        first_line: The number of the text's first line, from 1.
        terms: The words that were looked for.
        root: The workspace; paths are shown as seen from the current folder.
    """
    rows = coloured_lines(_tidy(text), language_of(hit.path), terms)
    inside = range(hit.start_line - first_line, hit.end_line - first_line + 1)
    plain = ["".join(piece for piece, _ in row) for row in rows]
    kept = best_lines([plain[row] for row in inside if row < len(plain)], terms)
    shown = [*range(inside.start), *(inside.start + n for n in kept), *range(inside.stop, len(rows))]
    described = hit.called or f"lines {hit.start_line} to {hit.end_line}"
    terminal.show_styled(
        [(f"{_from_here(root, hit.path)}:{hit.start_line}", "place"), (f"  {described}", "")]
    )
    gutter = len(str(first_line + len(rows)))
    width = max(_NARROWEST, shutil.get_terminal_size().columns) - gutter - 3
    before = -1
    for row in shown:
        if before + 1 < row and before >= 0:
            terminal.show_styled([(f"{'':>{gutter}} ⋮", "quiet")])
        number = f"{first_line + row:>{gutter}} {'│' if row in inside else ' '} "
        terminal.show_styled([(number, "quiet"), *_fitted(rows[row], width)])
        before = row


def show_lines(hit: Hit, text: str, terminal: Terminal, *, first_line: int, root: Path, whole: bool) -> None:
    """Print lines of a passage for programs as grep does: ``path:7:text``, those around it ``path-6-text``.

    Args:
        hit: What was found.
        text: Its text, with lines around it where those are to be shown.
        terminal: Where to.
        first_line: The number of the text's first line, from 1.
        root: The workspace; paths are shown as seen from the current folder.
        whole: Print all lines; else the one that names what the passage is, or its first.
    """
    path = _from_here(root, hit.path)
    lines = list(enumerate(_LINE_END.split(_LINE_END.sub("\n", text).removesuffix("\n")), first_line))
    if not whole:
        name = hit.symbol.rpartition(".")[2]
        lines = [next((one for one in lines if name in one[1]), lines[0])]
    for number, line in lines:
        mark = ":" if hit.start_line <= number <= hit.end_line else "-"
        terminal.show(f"{path}{mark}{number}{mark}{line}")


def best_lines(lines: Sequence[str], terms: Collection[str], most: int = MOST_LINES) -> list[int]:
    """Return which lines of a passage to show: the first, and where it is long those that match best.

    Args:
        lines: The passage.
        terms: The words that were looked for.
        most: The most lines.

    Returns:
        Their numbers from 0, in order: all of a short passage, else the first line and the stretch that has
        the most different words, each counting less the more lines have it.
    """
    if len(lines) <= most:
        return list(range(len(lines)))
    found = [matching_words(line, terms) for line in lines]
    frequency: dict[str, int] = {}
    for words in found:
        for word in words:
            frequency[word] = frequency.get(word, 0) + 1
    stretch = most - 1
    worths = [_worth(found[start : start + stretch], frequency) for start in range(len(lines) - stretch + 1)]
    best = max(worths)
    at = worths.index(best)
    after = next((n for n in range(at, len(worths)) if worths[n] < best), len(worths))
    at = (at + after - 1) // 2  # what matches is in the middle then
    return list(range(most)) if at <= 1 else [0, *range(at, at + stretch)]


def _worth(found: Sequence[set[str]], frequency: Mapping[str, int]) -> int:
    """Return how well a stretch of lines matches, in thousandths of a word that only one line has."""
    inside = [word for words in found for word in words]
    return 1000 * len(set(inside)) + sum(1000 // frequency[word] for word in inside)


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").removesuffix("\n").expandtabs(_TAB)


def _from_here(root: Path, path: str) -> str:
    try:
        return os.path.relpath(root / path).replace("\\", "/")
    except (OSError, ValueError):  # the current folder is gone, or on another drive
        return path


def _fitted(pieces: Sequence[Piece], width: int) -> list[Piece]:
    """Cut a line to a number of characters, around its first match where that lies further on."""
    length = sum(len(text) for text, _ in pieces)
    if length <= width:
        return list(pieces)
    start = at = 0
    for text, style in pieces:
        if style == "match" and at + len(text) > width - 1:
            start = max(0, at - _BEFORE_MATCH)
        if style == "match":
            break
        at += len(text)
    room = width - 1 - (start > 0)
    cut: list[Piece] = [("…", "quiet")] if start else []
    at = 0
    for text, style in pieces:
        part = text[max(0, start - at) : max(0, start + room - at)]
        at += len(text)
        if part:
            cut.append((part, style))
    return [*cut, ("…", "quiet")] if start + room < length else cut
