"""What a command shows: results on standard output, everything else on the error output.

Known secrets are taken out of all text, and it passes through ``visible``, so that no control sequence
of a file or a model reaches a terminal.
"""

import json
import os
import re
import sys
from collections.abc import Iterable
from typing import TextIO

from codelab.core.errors import CodeLabError
from codelab.core.redaction import redact, redact_data
from codelab.core.visible import visible

_GREY = "\x1b[90m"
_RED = "\x1b[31m"
_GREEN = "\x1b[32m"
_CYAN = "\x1b[36m"
_BOLD = "\x1b[1m"
_PLAIN = "\x1b[0m"
_STYLES = {
    "match": "\x1b[1;33m",
    "keyword": "\x1b[35m",
    "string": _GREEN,
    "comment": _GREY,
    "quiet": _GREY,
    "place": "\x1b[1;36m",
}
_TO_LINE_START = "\r\x1b[K"
_EMPHASIS = re.compile(r"\*\*([^*\n]+)\*\*")


class Terminal:
    """The two outputs of a command.

    Attributes:
        as_json: The person asked for JSON; nothing else may go to standard output.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        for stream in (sys.stdout, sys.stderr):
            _never_fail_to_encode(stream)
        self._out_coloured = _coloured(sys.stdout)
        self._err_coloured = _coloured(sys.stderr)
        self._unfinished = False

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked: they type on one terminal and read on another."""
        return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)

    @property
    def streams(self) -> bool:
        """Whether a person watches standard output while it is written."""
        return not self.as_json and _is_terminal(sys.stdout)

    def show(self, text: str, *, end: str = "\n") -> None:
        """Print a result."""
        self._finish_line()
        sys.stdout.write(_safe(text) + end)
        if self.streams:
            sys.stdout.flush()

    def show_markdown(self, text: str) -> None:
        """Print an answer: on a terminal what is emphasised stands out, elsewhere the text as it is."""
        self._finish_line()
        bold = rf"{_BOLD}\1{_PLAIN}"
        shown = _safe(text)
        sys.stdout.write((_EMPHASIS.sub(bold, shown) if self._out_coloured else shown).rstrip("\n") + "\n")

    def show_grey(self, text: str) -> None:
        """Print a remark below a result."""
        self._finish_line()
        sys.stdout.write(_painted(_safe(text), _GREY, self._out_coloured) + "\n")

    def show_styled(self, pieces: Iterable[tuple[str, str]]) -> None:
        """Print one line of texts with their styles: a name of ``_STYLES``, or an empty string for none."""
        self._finish_line()
        painted = [
            _painted(_safe(text), _STYLES.get(style, ""), self._out_coloured and style in _STYLES)
            for text, style in pieces
        ]
        sys.stdout.write("".join(painted).rstrip() + "\n")

    def show_diff(self, diff: str) -> None:
        """Print a unified diff, as a result."""
        self._finish_line()
        sys.stdout.write(_painted_diff(diff, self._out_coloured))

    def show_json(self, data: object, *, indent: int | None = 2) -> None:
        """Print a result for a program; flushed at once."""
        sys.stdout.write(json.dumps(redact_data(data), indent=indent) + "\n")
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Print a line about what is going on."""
        self._finish_line()
        sys.stderr.write(_safe(text) + "\n")
        sys.stderr.flush()

    def note_diff(self, diff: str) -> None:
        """Print a unified diff beside a question."""
        self._finish_line()
        sys.stderr.write(_painted_diff(diff, self._err_coloured))
        sys.stderr.flush()

    def question(self, text: str) -> None:
        """Print a question; the answer is typed behind it."""
        self._finish_line()
        sys.stderr.write(_painted(_safe(text), _BOLD, self._err_coloured) + " ")
        sys.stderr.flush()

    def progress(self, text: str, *, done: bool = False) -> None:
        """Print a line that is replaced by the next; where no terminal is, only the last one."""
        if _is_terminal(sys.stderr):
            sys.stderr.write(_TO_LINE_START + _safe(text) + ("\n" if done else ""))
            self._unfinished = not done
        elif done:
            sys.stderr.write(_safe(text) + "\n")
        sys.stderr.flush()

    def clear_progress(self) -> None:
        """Take away a line of progress that nothing replaced."""
        if self._unfinished:
            sys.stderr.write(_TO_LINE_START)
            sys.stderr.flush()
            self._unfinished = False

    def error(self, error: CodeLabError) -> None:
        """Say what happened, why, and what can be done."""
        self._finish_line()
        first = _painted("error:", _RED, self._err_coloured)
        lines = [f"{first} {_sentence(error.what)}"]
        lines += [f"  {_sentence(part)}" for part in (error.why, error.fix) if part]
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()

    def flush(self) -> None:
        """Write out what is buffered, so that a broken pipe shows now."""
        sys.stdout.flush()

    def _finish_line(self) -> None:
        if self._unfinished:
            sys.stderr.write("\n")
            self._unfinished = False


def _safe(text: str) -> str:
    """Return a text without the known secrets and with nothing hidden in it."""
    return visible(redact(text))


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _coloured(stream: TextIO) -> bool:
    return _is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _never_fail_to_encode(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _painted(text: str, colour: str, coloured: bool) -> str:
    return f"{colour}{text}{_PLAIN}" if coloured else text


def _painted_diff(diff: str, coloured: bool) -> str:
    colours = {"+": _GREEN, "-": _RED, "@": _CYAN}
    lines = _safe(diff).split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return "".join(
        _painted(line, colours.get(line[:1], ""), coloured and line[:1] in colours) + "\n" for line in lines
    )


def _sentence(text: str) -> str:
    text = _safe(text).strip()
    return text if text.endswith((".", "!", "?", ":", "`")) else f"{text}."
