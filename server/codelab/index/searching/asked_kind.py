"""Which kinds of passages there are, and which one a person means."""

import difflib

from codelab.core.errors import InputError

KINDS = frozenset(
    (
        *("class", "concept", "constant", "declaration", "element", "enum", "extension", "field", "function"),
        *("interface", "key", "macro", "member", "method", "module", "namespace", "object", "record", "rule"),
        *("section", "struct", "table", "trait", "type", "typedef", "union", "variable", "window"),
    )
)
"""What the queries of the languages call definitions; a ``module`` is what stands between them in a file, and
a ``window`` lines of text in no language, or of a definition too long for one passage."""


def kind_meant(text: str) -> str:
    """Return the kind that somebody means; an empty string if nothing is written.

    Raises:
        InputError: There is no such kind.
    """
    asked = text.strip().lower()
    if asked and asked not in KINDS:
        near = difflib.get_close_matches(asked, KINDS, 1)
        raise InputError(
            f"There is no kind of passage {text.strip()!r}",
            why=f"It may be {', '.join(sorted(KINDS))}",
            fix=f"Did you mean {near[0]}?" if near else "",
        )
    return asked
