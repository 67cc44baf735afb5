"""Languages: which one a file is in, its tree-sitter grammar, and what counts as a symbol and a chunk in it.

Adding a language takes three things:

- a line in ``codelab_grammars.languages``,
- a folder named after the language with ``tags.scm`` (definitions and references), ``chunks.scm`` (what
  makes a chunk) and, where it has imports, ``imports.scm``,
- a fixture in ``tests/fixtures/languages`` with its golden file, written by
  ``python tests/grammars/regenerate_goldens.py`` and read before it is committed.

What the captures mean:

- ``@definition.KIND`` a definition, ``@name`` its name; within it ``@body`` (its signature ends there),
  ``@doc`` (a docstring) and ``@receiver`` (the type a method belongs to, where that is not around it). The
  kind ``scope`` only lends its name to what it holds (an ``impl`` block). ``@heading`` opens a section;
  ``@tail`` is a body that the grammar makes the neighbour of its definition.
- ``@comment`` and ``@decorator`` belong to the definition on the line below them.
- ``@call``, ``@type`` and ``@base`` are uses of a name, ``@call.component`` one only with a capital letter.
- ``@chunk`` is kept in one piece while it fits; ``@container`` is cut into its own lines and what it holds.
- ``@import`` is a statement, with ``@import.module`` and ``@import.name`` in it; see
  ``codelab.index.parsing.imports`` for ``@import.path``, ``@import.tree``, ``@import.call``,
  ``@import.require``.
- ``@tag`` and ``@attribute`` are for markup; see ``codelab.index.parsing.markup``.

Queries use no text predicates (``#eq?``): with a tree that was parsed from a callback these crash.
"""

from codelab_grammars.grammar import Grammar, load
from codelab_grammars.languages import LANGUAGES, Language, language_of

__all__ = ["LANGUAGES", "Grammar", "Language", "language_of", "load"]
