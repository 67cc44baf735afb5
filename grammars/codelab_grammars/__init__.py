"""Languages: which one a file is in, its tree-sitter grammar, and what counts as a symbol and a chunk in it.

Adding a language takes three things: a line in ``codelab_grammars.languages``, a folder named after it with
``tags.scm`` (definitions and references), ``chunks.scm`` (what makes a chunk) and, where the language has
imports, ``imports.scm``, and a fixture with its golden file in ``tests/fixtures/languages``.
"""
