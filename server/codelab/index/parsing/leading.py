"""Comments, decorators and attributes that belong to the definition below them."""

from bisect import bisect_right

from codelab.index.parsing.spans import Spans
from codelab.index.parsing.windows import Lines


class Leading:
    """Where the comments and decorators of a file end, to be found from the line below.

    Attributes:
        ends: From the last row of each one that begins its line, to (its first row, whether a comment).
    """

    __slots__ = ("ends", "lines")

    def __init__(self, spans: Spans, lines: Lines) -> None:
        self.lines = lines
        self.ends: dict[int, tuple[int, bool]] = {}
        starts, data, count = lines.starts, lines.data, lines.count
        for capture, is_comment in (("comment", True), ("decorator", False)):
            for start, end in spans.get(capture, ()):
                row = bisect_right(starts, start, 0, count) - 1
                if not is_comment or not data[starts[row] : start].strip():
                    # Some grammars count the line's end to the comment.
                    last = row if end <= starts[row + 1] else lines.row_of(end - 1)
                    known = self.ends.get(last)
                    if known is None or (row, is_comment) < known:
                        self.ends[last] = (row, is_comment)

    def first_row(self, row: int) -> int:
        """Return the first of the rows that belong to a definition that begins on ``row``."""
        while (above := self.ends.get(row - 1)) is not None:
            row = above[0]
        return row

    def comment_before(self, row: int) -> tuple[int, int] | None:
        """Return the bytes of the comments right above ``row``, decorators between left aside."""
        last = None
        while (above := self.ends.get(row - 1)) is not None:
            first, is_comment = above
            if is_comment:
                last = row if last is None else last
            elif last is not None:
                break
            row = first
        if last is None:
            return None
        return self.lines.starts[row], self.lines.starts[last]
