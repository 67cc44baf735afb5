"""Parse one file into chunks, symbols, references and imports."""

from codelab_grammars.languages import language_of

from codelab.index.symbols import Chunk, Definition, Import, Parsed, Reference
from codelab.index.windows import Lines, windows

__all__ = ["Chunk", "Definition", "Import", "Parsed", "Reference", "parse"]


def parse(path: str, data: bytes) -> Parsed:
    """Parse one file.

    Args:
        path: Where it is; only its name matters, for the language.
        data: Its content in UTF-8, without NUL.

    Returns:
        What was found; a text that no grammar reads still has its windows.
    """
    language = language_of(path, data[:256])
    lines = Lines(data)
    chunks = tuple(
        Chunk(first + 1, after, start, end, "", "window")
        for first, after, start, end in windows(lines, 0, lines.count)
    )
    return Parsed(language, chunks, (), (), (), 0)
