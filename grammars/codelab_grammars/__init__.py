"""Languages: which one a file is in, its tree-sitter grammar, and what counts as a symbol and a chunk in it.

Adding a language takes three things:

- a line in ``codelab_grammars.languages``,
- a folder named after the language with ``tags.scm`` (definitions and references), ``chunks.scm`` (what
  makes a chunk) and, where it has imports, ``imports.scm``,
- a fixture in ``tests/fixtures/languages`` with its golden file, written by
  ``python tests/grammars/regenerate_goldens.py`` and read before it is committed.

What the captures of those queries mean is written in ``codelab_grammars/README.md``.
"""

from codelab_grammars.grammar import Grammar, load
from codelab_grammars.languages import LANGUAGES, Language, language_of

__all__ = ["LANGUAGES", "Grammar", "Language", "language_of", "load"]
