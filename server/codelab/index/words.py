"""Turn text into the words that are indexed and searched.

An identifier gives its parts and, when it has several, itself in one piece: ``getHTTPResponse2`` gives
``get http response 2 gethttpresponse2``. All words are in lower case; runs of Chinese, Japanese and Korean
characters give overlapping pairs, since nothing marks their words.
"""

import re
import unicodedata

from codelab.index.licence import without_licence

_IDENTIFIER = re.compile(r"\w+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_RUN = re.compile(r"[^\W\d_]+|\d+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
_LONGEST = 64
_CACHED = 30_000  # of each kind; with more, source of 100 MB is not split faster
# What separates identifiers in ASCII, as a table for ``bytes.translate``: all that ``\\w`` does not match.
_SPACED = bytes(n if chr(n).isalnum() or n == 95 else 32 for n in range(128)) + bytes(range(128, 256))

_STOPPED = (
    "a an and any are as at be been being but by can could did do does doing for from had has have how i if "
    "in into is it its itself me my no not of on or our ours should so some such than that the their them "
    "then there these they this those through to was we were what when where which while who whom why will "
    "with would you your"
)
STOP_WORDS = frozenset(_STOPPED.split(" "))
"""Words of English questions that say nothing about what is asked for."""


def words_of(text: str) -> str:
    """Return the words of a text in their order, separated by spaces."""
    return "".join(map(_WORDS.__getitem__, identifiers_of(text)))[1:]


def identifiers_of(text: str) -> list[str]:
    """Return the identifiers of a text, and what else in it is made of letters and digits."""
    return _IDENTIFIER.findall(text)


class SpacedText:
    """A file's text, ready to give the words of its parts: this is the hot path of indexing.

    Args:
        data: In UTF-8.
    """

    __slots__ = ("_ascii", "_data", "_spaced")

    def __init__(self, data: bytes) -> None:
        self._data = telling = without_licence(data)
        self._spaced = telling.translate(_SPACED)
        self._ascii = self._spaced.decode("ascii") if telling.isascii() else None

    def words(self, start: int, end: int) -> str:
        """Return what ``words_of`` gives for the text between two byte offsets."""
        return "".join(map(_WORDS.__getitem__, self.identifiers(start, end)))[1:]

    def identifiers(self, start: int, end: int) -> list[str]:
        """Return the identifiers, and what else is made of letters and digits, between two byte offsets."""
        if self._ascii is not None:
            return self._ascii[start:end].split()
        spaced = self._spaced[start:end]
        if spaced.isascii():
            return spaced.decode("ascii").split()
        return identifiers_of(self._data[start:end].decode("utf-8", "replace"))


class _Words(dict[str, str]):
    """The words of identifiers, remembered: source repeats the same few thousand.

    A space comes before each word, so that identifiers without words leave no trace where all are joined.
    """

    def __missing__(self, identifier: str) -> str:
        if len(self) >= _CACHED:
            self.clear()
        found = split_identifier(identifier)
        words = self[identifier] = f" {found}" if found else ""
        return words


class _Stems(dict[str, str]):
    """The stems of parts of identifiers; a single letter has none."""

    def __missing__(self, part: str) -> str:
        if len(self) >= _CACHED:
            self.clear()
        found = self[part] = stem(part) if len(part) > 1 else ""
        return found


_WORDS = _Words()
_STEMS = _Stems()


def split_identifier(identifier: str) -> str:
    """Return the words of one identifier, separated by spaces; empty for a single letter."""
    if len(identifier) > _LONGEST:  # encoded data, not a name
        return ""
    if not identifier.isascii():
        identifier = unicodedata.normalize("NFKC", identifier)
        if _UNSPACED.search(identifier):
            return " ".join(_pairs(identifier))
    lower = identifier.islower()
    if lower and identifier.isalpha():
        return _STEMS[identifier]
    whole = identifier.replace("_", "")
    if lower and whole.isalpha() and whole.isascii():
        parts = list(filter(None, identifier.split("_")))
    else:
        found = _PART.findall(identifier) if identifier.isascii() else _parts_of_any_script(identifier)
        parts = [part.lower() for part in found]
        whole = "".join(parts)
    stems = list(filter(None, map(_STEMS.__getitem__, parts)))
    if len(parts) > 1 and len(whole) > 2:
        stems.append(whole)
    return " ".join(stems)


def stem(word: str) -> str:
    """Return a word without the endings of plurals and verbs; other forms of it give the same.

    Light on purpose: a wrong stem costs more than a missed one, since names are rarely inflected.
    """
    length = len(word)
    if length < 4 or not word.isascii():
        return word
    if word.endswith("s"):
        word = _singular(word)
        length = len(word)
    if length > 5 and word.endswith("ing") and _has_vowel(word[:-3]):
        word = _undouble(word[:-3])
    elif length > 4 and word.endswith("ed") and not word.endswith("eed") and _has_vowel(word[:-2]):
        word = _undouble(word[:-2])
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    return word


def _singular(word: str) -> str:
    if word.endswith(("ss", "us", "is", "as", "os")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1]


def _has_vowel(text: str) -> bool:
    return any(character in "aeiouy" for character in text)


def _undouble(word: str) -> str:
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        return word[:-1]
    return word


def _parts_of_any_script(identifier: str) -> list[str]:
    found = []
    for run in _RUN.findall(identifier):
        starts = [0]
        starts += [n for n in range(1, len(run)) if run[n].isupper() and run[n - 1].islower()]
        found += [run[start:end] for start, end in zip(starts, [*starts[1:], len(run)], strict=True)]
    return found


def _pairs(text: str) -> list[str]:
    found = []
    for piece in re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|\w", text):
        found += [piece[i : i + 2] for i in range(max(1, len(piece) - 1))]
    return found


def path_words(path: str) -> str:
    """Return the words of a path: those of its last part twice, since they say most."""
    folder, _, name = path.rpartition("/")
    base = name.rpartition(".")[0] or name
    return " ".join((words_of(base), words_of(base), words_of(folder)))
