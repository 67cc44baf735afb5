"""What parsing one file gives: chunks, definitions, references and imports.

They are named tuples because a repository has millions of them and they cross from the parsing processes
to the writer of the index.
"""

from typing import NamedTuple


class Chunk(NamedTuple):
    """A passage that is indexed, found and shown as one.

    Attributes:
        start_line: First line, from 1.
        end_line: Last line, included.
        start_byte: Where it begins in the file's bytes.
        end_byte: Where it ends in the file's bytes, excluded.
        symbol: Qualified name of the definition it belongs to, or an empty string.
        kind: That definition's kind, or ``module``, or ``window`` where no grammar fits.
    """

    start_line: int
    end_line: int
    start_byte: int
    end_byte: int
    symbol: str
    kind: str


class Definition(NamedTuple):
    """A name that the file defines.

    Attributes:
        name: As written, without its containers.
        qualified: With its containers, joined by dots in every language (``UploadClient._send``).
        kind: ``function``, ``method``, ``class``, ``interface``, ``constant``, ``section`` and the like.
        signature: The declaration up to its body, on one line.
        doc: The first paragraph of its documentation, on one line, or an empty string.
        start_line: First line, from 1, without decorators and leading comments.
        end_line: Last line, included.
    """

    name: str
    qualified: str
    kind: str
    signature: str
    doc: str
    start_line: int
    end_line: int


DefinitionRow = tuple[str, str, str, str, int, int]
"""A definition as it is stored: name, qualified name, kind, signature, first line, last line."""


class Reference(NamedTuple):
    """A use of a name: ``kind`` is ``call``, ``type``, ``base`` or ``import``; ``line`` counts from 1."""

    name: str
    line: int
    kind: str


class Import(NamedTuple):
    """An import statement.

    Attributes:
        module: What is imported from, as written (``os.path``, ``./util``, ``std::io``, ``stdio.h``).
        names: What is imported from it by name; empty for the module as a whole, ``*`` for everything.
        line: Where, from 1.
    """

    module: str
    names: tuple[str, ...]
    line: int


class Parsed(NamedTuple):
    """All that the index keeps of one file's content.

    Attributes:
        language: A name of ``codelab_grammars.languages``, or None for text without a grammar.
        chunks: In the order of the file; together they hold every line that is not blank.
        symbols: Definitions in the order of the file.
        references: Uses of names in the order of the file.
        imports: In the order of the file.
        errors: How many stretches the grammar could not read; 0 when there is no grammar.
    """

    language: str | None
    chunks: tuple[Chunk, ...]
    symbols: tuple[Definition, ...]
    references: tuple[Reference, ...]
    imports: tuple[Import, ...]
    errors: int
