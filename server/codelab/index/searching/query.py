"""What a query asks for: words to match, and names it may mean."""

import itertools
import re
from typing import NamedTuple

from codelab.index.searching.function_verbs import says_what_a_function_does
from codelab.index.words import STOP_WORDS, split_identifier

_IDENTIFIER = re.compile(r"\w+")
_QUALIFIED = re.compile(r"\w+(?:(?:\.|::|->|#)\w+)+")
_INNER_CAPITAL = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]")
_QUESTION = re.compile(
    r"\s*(?:how|what|where|why|which|when|who|does|is|are|can)\b(?=.*\s)|.*\?\s*$", re.IGNORECASE
)
_MOST_TERMS = 32


class Query(NamedTuple):
    """A query, understood.

    Attributes:
        terms: Words to match, each once, in their order.
        pairs: Two neighbouring words in one piece, as identifiers are made of them.
        names: Identifiers in it that look like names in code, as written.
        words: All its plain words, as written.
        is_name: Whether it is nothing but one name.
        is_question: Whether it is asked as one (how is, where does): several files may answer it.
        of_a_function: Whether it says what one function does.
    """

    terms: tuple[str, ...]
    pairs: tuple[str, ...]
    names: tuple[str, ...]
    words: tuple[str, ...]
    is_name: bool
    is_question: bool
    of_a_function: bool = False


def understand(text: str) -> Query:
    """Split a query into what the index can look up."""
    identifiers = _IDENTIFIER.findall(text)
    telling = [one for one in identifiers if one.lower() not in STOP_WORDS] or identifiers
    terms: dict[str, None] = {}
    for one in telling:
        terms.update(dict.fromkeys(split_identifier(one).split()))
    pairs = {
        f"{left}{right}".lower(): None
        for left, right in itertools.pairwise(telling)
        if left.isalpha() and right.isalpha() and left.isascii() and right.isascii()
    }
    is_name = len(identifiers) == 1 or _QUALIFIED.fullmatch(text.strip()) is not None
    names = [one for one in telling if is_name or "_" in one.strip("_") or _INNER_CAPITAL.search(one)]
    if is_name and identifiers:
        names = [identifiers[-1]]
    if not terms:  # a name of one letter is no word of the index, and yet may be defined
        terms = dict.fromkeys(one.lower() for one in telling)
    return Query(
        tuple(terms)[:_MOST_TERMS],
        tuple(pair for pair in pairs if pair not in terms)[:_MOST_TERMS],
        tuple(dict.fromkeys(names)),
        tuple(dict.fromkeys(telling)),
        is_name,
        not is_name and _QUESTION.match(text) is not None,
        not is_name and says_what_a_function_does(identifiers, len(terms)),
    )
