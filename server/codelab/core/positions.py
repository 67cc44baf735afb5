"""Places in text, in the two forms used inside CodeLab.

People, models and the index speak of lines from 1, both ends included (``LineSpan``); editors speak of
lines from 0 and offsets within the line (``TextRange``, in code points; the faces convert to whatever the
client counts in).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class LineSpan:
    """Lines of one file, counted from 1, both ends included."""

    path: str
    start_line: int
    end_line: int

    def overlaps(self, other: "LineSpan") -> bool:
        """Tell whether both are in the same file and share a line."""
        return (
            self.path == other.path
            and self.start_line <= other.end_line
            and other.start_line <= self.end_line
        )

    def __str__(self) -> str:
        if self.start_line == self.end_line:
            return f"{self.path}:{self.start_line}"
        return f"{self.path}:{self.start_line}-{self.end_line}"


@dataclass(frozen=True, slots=True, order=True)
class TextPosition:
    """A line from 0 and an offset in code points within it."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class TextRange:
    """A half-open stretch of text between two positions."""

    start: TextPosition
    end: TextPosition


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Replace a range by new text."""

    range: TextRange
    new_text: str
