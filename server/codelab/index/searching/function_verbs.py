"""Whether a query says what one function does: "return the path of a file", "parses a header"."""

from collections.abc import Sequence

from codelab.index.words import stem

_LEAST_TERMS = 3

# Made by scripts/embedder/verbs.py from the packages that the bundled embedder is learnt from.
_VERBS = (
    "add append apply assert attempt build calculat cancel cast check clean clear clos collect compar "
    "compil comput concatenat construct convert creat decod decorator delet deserializ determin disabl "
    "download draw drop enabl ensur evaluat execut expand extract fetch find flush generat get handl "
    "infer initializ insert instantiat iterat load mak merg mov normaliz obtain overrid pars perform pop "
    "prepar print produc push put read recursively reduc register releas remov render replac reset resiz "
    "resolv restor retriev return rotat sav send serializ set setup split strip tak translat try turn "
    "unpack updat validat verify wait walk writ yield"
)
FUNCTION_VERBS = frozenset(_VERBS.split(" "))
"""Stems of the words that documentation of functions begins with, and seldom that of anything else."""


def says_what_a_function_does(identifiers: Sequence[str], terms: int) -> bool:
    """Tell whether a query reads as the documentation of a function: a verb first, and what it is done to.

    Args:
        identifiers: All of the query, as written.
        terms: How many words of it are looked up.
    """
    if terms < _LEAST_TERMS or not identifiers:
        return False
    first = identifiers[0].lower()
    return not first.endswith("ing") and stem(first) in FUNCTION_VERBS
