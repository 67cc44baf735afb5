"""Bytes as text and back, losing nothing."""

import codecs
import re
from dataclasses import dataclass

from codelab.core.errors import InputError

_LINE_END = re.compile(r"\r\n|\n|\r")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile(r"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file as text.

    Attributes:
        path: The file.
        text: Its text with the line ends it has, without the byte order mark.
        encoding: ``utf-8``, ``utf-16-le``, ``utf-16-be``, or ``latin-1`` for bytes that are none of these
            (which keeps each as it is).
        bom: The byte order mark, or nothing.
        newline: The line end that most lines have.
        had_final_newline: Whether the last line is ended.
    """

    path: str
    text: str
    encoding: str
    bom: bytes
    newline: str
    had_final_newline: bool


def decode(path: str, data: bytes) -> TextFile:
    """Return the text of a file.

    Args:
        path: The file, for messages.
        data: Its bytes.

    Raises:
        InputError: It is binary.
    """
    bom, encoding = next(((bom, name) for bom, name in _BOMS if data.startswith(bom)), (b"", "utf-8"))
    body = data[len(bom) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8" or bom:
            raise _binary(path) from None
        encoding, text = "latin-1", body.decode("latin-1")
        if len(_CONTROL.findall(text)) * 20 > len(text):
            raise _binary(path) from None
    if "\0" in text:
        raise _binary(path)
    return TextFile(path, text, encoding, bom, main_newline(text), text.endswith(("\n", "\r")))


def encode(file: TextFile, new_text: str) -> bytes:
    """Return the bytes of a file with another text: what the texts share stays as it is, byte for byte.

    Args:
        file: The file as it was decoded.
        new_text: Its new text, with the line ends it shall have.

    Raises:
        InputError: The file's encoding lacks some character of the text.
    """
    try:
        return file.bom + new_text.encode(file.encoding)
    except UnicodeEncodeError as error:
        shown = error.object[error.start : error.end][:10]
        raise InputError(
            f"{shown!r} cannot be written to {file.path}",
            why=f"The file is not UTF-8 (it is kept as {file.encoding})",
            fix="Convert the file to UTF-8 first, or leave these characters out",
        ) from error


def main_newline(text: str) -> str:
    r"""Return the line end that most lines of a text have, ``\n`` where there is none."""
    counts = {"\n": 0, "\r\n": 0, "\r": 0}
    for end in _LINE_END.findall(text):
        counts[end] += 1
    return max(counts, key=lambda end: counts[end])


def with_newlines(text: str, newline: str) -> str:
    """Return a text with all its line ends made the same."""
    return _LINE_END.sub(lambda _: newline, text)


def split_lines(text: str) -> list[str]:
    """Return the lines of a text with their ends, splitting where editors do and nowhere else."""
    lines, start = [], 0
    for match in _LINE_END.finditer(text):
        lines.append(text[start : match.end()])
        start = match.end()
    if start < len(text):
        lines.append(text[start:])
    return lines


def plain_lines(text: str) -> list[str]:
    """Return the lines of a text without their ends."""
    return [line.rstrip("\r\n") for line in split_lines(text)]


def _binary(path: str) -> InputError:
    return InputError(
        f"{path} is binary", why="It is not text in any encoding CodeLab knows", fix="Name a text file"
    )
