"""Known secrets taken out of text before it leaves for anywhere: logs, databases, faces, models.

A secret is found as it stands and as it stands in base64 (in each of the three alignments), in URLs, in
hexadecimal and in JSON. What is known is shared by the whole process: a face learns it once, and every sink
asks ``redact``.
"""

import json
import threading
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

from codelab.core.secret_forms import SHORTEST_FORM, forms_of

MARK = "[secret]"
_GRAM = 4  # characters by which a place that may begin a secret is found
_STRIDE = SHORTEST_FORM - _GRAM + 1  # each form holds a gram at one of so many places in a row


class Redactor:
    """Replaces the forms of some secrets by a mark; never changes once it is made.

    Looking at every fifth place of a text for one of the grams of all secrets finds each form that is eight
    characters or longer, and costs the same for one secret and for hundreds.

    Args:
        forms: The texts to take out, as ``secret_forms.forms_of`` makes them.
    """

    def __init__(self, forms: Iterable[str]) -> None:
        self._forms = sorted(set(forms))
        self._longest = max(map(len, self._forms), default=0)
        self._grams: dict[str, list[tuple[str, int]]] = {}
        for form in self._forms:
            for offset in range(_STRIDE):
                self._grams.setdefault(form[offset : offset + _GRAM], []).append((form, offset))

    def redact(self, text: str) -> str:
        """Return a text with every form of every secret replaced by ``[secret]``."""
        spans = self.spans(text)
        if not spans:
            return text
        kept, end = [], 0
        for start, stop in spans:
            kept += [text[end:start], MARK]
            end = stop
        return "".join([*kept, text[end:]])

    def held_back(self, text: str) -> int:
        """Return how many of the last characters of a text may be the beginning of a secret."""
        forms = self._forms
        for length in range(min(len(text), self._longest - 1), 0, -1):
            tail = text[-length:]
            place = bisect_left(forms, tail)
            if place < len(forms) and forms[place].startswith(tail):
                return length
        return 0

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where the secrets stand, in order, those that touch one another as one."""
        grams = self._grams
        if not grams:
            return []
        places = [
            place
            for place in range(0, len(text) - _GRAM + 1, _STRIDE)
            if text[place : place + _GRAM] in grams
        ]
        found = sorted(
            (place - offset, place - offset + len(form))
            for place in places
            for form, offset in grams[text[place : place + _GRAM]]
            if place >= offset and text.startswith(form, place - offset)
        )
        spans: list[tuple[int, int]] = []
        for start, stop in found:
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
            else:
                spans.append((start, stop))
        return spans


class StreamRedactor:
    """Redacts a text that comes in pieces: a secret that is cut in two by their border is found all the same.

    Only an end that may be the beginning of a secret waits for the next piece.
    """

    def __init__(self) -> None:
        self._waiting = ""

    def take(self, piece: str) -> str:
        """Return what can be passed on now that this piece has come."""
        redactor = _known.redactor
        text = self._waiting + piece
        border = len(text) - redactor.held_back(text)
        if border < len(text):
            for start, stop in redactor.spans(text):
                if start < border < stop:
                    border = start
        self._waiting = text[border:]
        return redactor.redact(text[:border])

    def end(self) -> str:
        """Return the rest."""
        rest, self._waiting = self._waiting, ""
        return redact(rest)


class _Known:
    """The secrets of this process; ``guard`` guards changes, and ``redactor`` is replaced as a whole."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.values: frozenset[str] = frozenset()
        self.redactor = Redactor(())


_known = _Known()


def learn(values: Iterable[str]) -> None:
    """Add secrets to those that every sink of this process takes out.

    Args:
        values: The secrets as they are; shorter ones than eight bytes are left out, for they would be found
            in ordinary text.
    """
    with _known.guard:
        values = _known.values.union(values)
        if values != _known.values:
            _known.values = values
            _known.redactor = Redactor(form for value in values for form in forms_of(value))


def forget() -> None:
    """Forget all secrets: for programs that serve several people in turn, and for tests."""
    with _known.guard:
        _known.values, _known.redactor = frozenset(), Redactor(())


def redact(text: str) -> str:
    """Return a text with every known secret, in each of its forms, replaced by ``[secret]``."""
    return _known.redactor.redact(text)


def redact_data(value: Any, *, exact: frozenset[str] = frozenset()) -> Any:
    """Return JSON-like data with the known secrets taken out of all its texts; the names of members stay.

    Args:
        value: The data.
        exact: Names of members that are left as they are.
    """
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: one if name in exact else redact_data(one, exact=exact) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [redact_data(one, exact=exact) for one in value]
    return value


def redact_json(text: str, *, exact: frozenset[str] = frozenset()) -> str:
    """Return a JSON document with the known secrets taken out of its texts; the same object if there is none.

    Args:
        text: The document.
        exact: Names of members that are left as they are.
    """
    if redact(text) is text:
        return text
    data = json.loads(text)
    clean = redact_data(data, exact=exact)
    end = text[len(text.rstrip()) :]  # where a protocol counts lines
    return text if clean == data else json.dumps(clean) + end
