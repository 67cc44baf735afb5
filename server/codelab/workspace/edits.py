"""Changes of text: exact replacement, diffs, edits for an editor, and taking a change back."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from codelab.core.errors import EditConflict, InputError
from codelab.core.positions import TextEdit, TextPosition, TextRange
from codelab.workspace.hunks import Hunk, hunks
from codelab.workspace.text import main_newline, split_lines, with_newlines

_CONTEXT = 3


def replace_exact(text: str, old: str, new: str, *, all_occurrences: bool = False) -> str:
    """Return a text with one passage replaced.

    Line ends may be written as plain newlines: they match, and become, those of the text.

    Args:
        text: The text.
        old: The passage, exactly as it stands there.
        new: What comes in its place.
        all_occurrences: Replace it wherever it stands, instead of demanding that it stands once.

    Raises:
        InputError: It is empty, not there (the message shows the nearest lines) or there several times (the
            message names the lines).
    """
    if not old:
        raise InputError("The text to replace is empty", fix="Give the exact lines to replace")
    if "\r" in text and old not in text:
        newline = main_newline(text)
        old, new = with_newlines(old, newline), with_newlines(new, newline)
    count = text.count(old)
    if count == 0:
        raise InputError(
            "The text to replace is not in the file", why=_nearest(text, old), fix="Copy the lines exactly"
        )
    if count > 1 and not all_occurrences:
        lines = ", ".join(str(line) for line in _lines_of(text, old)[:10])
        raise InputError(
            f"The text to replace is in the file {count} times, at lines {lines}",
            fix="Give more of the lines around the one you mean, or replace all",
        )
    return text.replace(old, new)


def _lines_of(text: str, old: str) -> list[int]:
    found, start = [], text.find(old)
    while start >= 0:
        found.append(len(split_lines(text[:start] + "x")))
        start = text.find(old, start + len(old))
    return found


def _nearest(text: str, old: str) -> str:
    lines, wanted = split_lines(text), split_lines(old)
    first = next((line.strip() for line in wanted if line.strip()), "")
    stripped = [line.strip() for line in lines]
    if not first or not lines:
        return "The file is empty" if not lines else "It is only blank lines"
    near = difflib.get_close_matches(first, set(stripped[:20_000]), n=1, cutoff=0.6)
    if not near:
        return "No line is like its first one"
    place = stripped.index(near[0])
    offset = next(number for number, line in enumerate(wanted) if line.strip())
    begin = max(0, place - offset)
    shown = "".join(lines[begin : begin + min(len(wanted), 12)])
    end = begin + len(split_lines(shown))
    return f"The nearest lines are {begin + 1}-{end}, between the marks:\n<<<\n{shown.rstrip()}\n>>>"


def unified_diff(path: str, before: str, after: str) -> str:
    """Return the difference of two texts in unified form, empty if there is none.

    Args:
        path: The file, as named in the header.
        before: The text now.
        after: The new text.
    """
    old, new = split_lines(before), split_lines(after)
    groups = _groups(hunks(old, new))
    if not groups:
        return ""
    out = [f"--- a/{path}\n", f"+++ b/{path}\n"]
    for group in groups:
        first, last = group[0], group[-1]
        lead = min(_CONTEXT, first.start)
        trail = min(_CONTEXT, len(old) - last.end)
        a_size = last.end + trail - (first.start - lead)
        b_size = last.new_end + trail - (first.new_start - lead)
        a_at, b_at = first.start - lead + (a_size > 0), first.new_start - lead + (b_size > 0)
        out.append(f"@@ -{_range(a_at, a_size)} +{_range(b_at, b_size)} @@\n")
        at = first.start - lead
        for hunk in group:
            out += _marked(" ", old[at : hunk.start])
            out += _marked("-", old[hunk.start : hunk.end])
            out += _marked("+", new[hunk.new_start : hunk.new_end])
            at = hunk.end
        out += _marked(" ", old[at : at + trail])
    return "".join(out)


def _range(start: int, size: int) -> str:
    return str(start) if size == 1 else f"{start},{size}"


def _marked(mark: str, lines: Sequence[str]) -> list[str]:
    return [
        mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"
        for line in lines
    ]


def _groups(changes: Sequence[Hunk]) -> list[list[Hunk]]:
    groups: list[list[Hunk]] = []
    for change in changes:
        if groups and change.start - groups[-1][-1].end <= 2 * _CONTEXT:
            groups[-1].append(change)
        else:
            groups.append([change])
    return groups


def count_changes(before: str, after: str) -> tuple[int, int]:
    """Return how many lines a change adds and removes."""
    changes = hunks(split_lines(before), split_lines(after))
    return sum(c.new_end - c.new_start for c in changes), sum(c.end - c.start for c in changes)


def text_edits(before: str, after: str) -> list[TextEdit]:
    """Return edits of whole lines that make one text of the other, in order, none touching another.

    Positions count lines from 0 and code points within the line.
    """
    old, new = split_lines(before), split_lines(after)
    return [
        TextEdit(
            TextRange(_line_start(old, change.start), _line_start(old, change.end)),
            "".join(new[change.new_start : change.new_end]),
        )
        for change in hunks(old, new)
    ]


def _line_start(lines: Sequence[str], line: int) -> TextPosition:
    if line < len(lines) or not lines or lines[-1].endswith(("\n", "\r")):
        return TextPosition(line, 0)
    return TextPosition(len(lines) - 1, len(lines[-1]))  # after a last line that is not ended


def apply_text_edits(text: str, edits: Sequence[TextEdit]) -> str:
    """Return a text with edits made.

    Raises:
        InputError: They overlap, or a position is not in the text.
    """
    starts = [0]
    for line in split_lines(text):
        starts.append(starts[-1] + len(line))
    pieces, done = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.range.start, edit.range.end)):
        begin, end = (_offset(text, starts, place) for place in (edit.range.start, edit.range.end))
        if begin < done or end < begin:
            raise InputError("The edits overlap", fix="Give each stretch of text to one edit only")
        pieces += [text[done:begin], edit.new_text]
        done = end
    return "".join([*pieces, text[done:]])


def _offset(text: str, starts: Sequence[int], place: TextPosition) -> int:
    last = len(starts) - 1
    if not 0 <= place.line <= last or place.character < 0:
        raise InputError(f"There is no line {place.line + 1} in the text")
    offset = starts[place.line] + place.character
    if offset > (starts[place.line + 1] if place.line < last else len(text)):
        raise InputError(f"Line {place.line + 1} is shorter than {place.character} characters")
    return offset


def reverse_change(before: str, after: str, current: str) -> str:
    """Take a change back from a text that was changed further since.

    Args:
        before: The text before the change.
        after: The text after it.
        current: The text now.

    Returns:
        The text now, with the lines of the change as they were before it.

    Raises:
        EditConflict: Lines of the change were changed since.
    """
    if current == after:
        return before
    base = split_lines(after)
    merged = sorted(
        _replacements(base, before) | _replacements(base, current),
        key=lambda change: (change.start, change.end),
    )
    for first, second in pairwise(merged):
        if second.start < first.end or (first.start, first.end) == (second.start, second.end):
            raise _conflict(min(first.start, second.start) + 1)
    pieces: list[str] = []
    at = 0
    for change in merged:
        pieces += base[at : change.start]
        pieces += change.lines
        at = change.end
    pieces += base[at:]
    for number, line in enumerate(pieces[:-1], 1):
        if not line.endswith(("\n", "\r")):
            raise _conflict(number)
    return "".join(pieces)


@dataclass(frozen=True, slots=True)
class _Replacement:
    """Lines of the base and what replaces them; equal ones are the same change made twice."""

    start: int
    end: int
    lines: tuple[str, ...]


def _replacements(base: Sequence[str], text: str) -> set[_Replacement]:
    new = split_lines(text)
    return {_Replacement(h.start, h.end, tuple(new[h.new_start : h.new_end])) for h in hunks(base, new)}


def _conflict(line: int) -> EditConflict:
    return EditConflict(
        "The change cannot be taken back",
        why=f"Its lines were changed since, around line {line}",
        fix="Undo your own change of these lines first, or edit them by hand; nothing was touched",
    )
