"""Which languages a person means by a word: a name, a nickname, or the ending of a file."""

import difflib

from codelab.core.errors import InputError
from codelab_grammars.languages import LANGUAGES, language_of

_NAMES = frozenset(one.name for one in LANGUAGES)
_WITHOUT_GRAMMAR = ""  # what the index has for files in no language of the table
_CALLED = {
    "c++": "cpp",
    "c#": "c_sharp",
    "csharp": "c_sharp",
    "golang": "go",
    "shell": "bash",
    "plain": _WITHOUT_GRAMMAR,
    "text": _WITHOUT_GRAMMAR,
}
_TOO = {"typescript": ("tsx",)}  # what belongs to a language for everybody but its grammar


def languages_meant(text: str) -> frozenset[str]:
    """Return the languages of the index that somebody means; none if nothing is written.

    Raises:
        InputError: There is no such language.
    """
    asked = text.strip().lower().removeprefix(".")
    if not asked:
        return frozenset()
    name = asked.replace("-", "_").replace(" ", "_")
    found = name if name in _NAMES else _CALLED.get(asked, language_of(f"file.{asked}"))
    if found is None:
        near = difflib.get_close_matches(name, _NAMES, 1)
        raise InputError(
            f"There is no language {text.strip()!r}",
            fix=f"Did you mean {near[0]}?" if near else f"It may be {', '.join(sorted(_NAMES))} or text",
        )
    return frozenset((found, *_TOO.get(found, ())))
