"""Load a language's grammar and queries, once per process and only when a file needs them."""

import importlib
import os
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from codelab_grammars.languages import BY_NAME

if TYPE_CHECKING:
    from tree_sitter import Language, Query

# Neither through importlib.resources nor pathlib: what they import is a third of a parsing process's start.
_ROOT = os.path.dirname(__file__)
QUERY_FILES = ("tags.scm", "chunks.scm", "imports.scm")


class Grammar(NamedTuple):
    """A language ready to parse.

    Attributes:
        name: As in the table of languages.
        language: The tree-sitter grammar.
        query: All its queries in one, so that one pass over a tree answers them together.
    """

    name: str
    language: "Language"
    query: "Query"


@cache
def load(name: str) -> Grammar:
    """Return the grammar and queries of a language of the table.

    Raises:
        KeyError: There is no such language.
    """
    from tree_sitter import Language, Query

    entry = BY_NAME[name]
    language = Language(getattr(importlib.import_module(entry.wheel), entry.function)())
    return Grammar(name, language, Query(language, query_text(name)))


@cache
def load_errors(name: str) -> "Query":
    """Return what captures as ``@error`` what a language's grammar could not read; few files need it."""
    from tree_sitter import Query

    return Query(load(name).language, _ERRORS)


def query_text(name: str) -> str:
    """Return the text of all queries of a language, those it builds on first."""
    found = []
    for folder in (*BY_NAME[name].queries, name):
        for file in QUERY_FILES:
            path = os.path.join(_ROOT, folder, file)
            if os.path.isfile(path):
                with open(path, encoding="utf-8") as query:
                    found.append(query.read())
    return "\n".join(found)


_ERRORS = "(ERROR) @error (MISSING) @error"
