"""The forms in which a secret may turn up in a text."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST_FORM = 8  # characters; what is shorter stands in ordinary text
_LONGEST_WHOLE = 256  # bytes; of a longer secret, such as a key file, each part is looked for by itself
_PART = 128


def forms_of(value: str) -> frozenset[str]:
    """Return a secret as it is and encoded: base64, URLs, hexadecimal, JSON.

    Args:
        value: The secret.

    Returns:
        Texts of at least eight characters; none for a secret that is shorter than eight bytes.
    """
    return frozenset(form for part in _parts(value) for form in _forms(part) if len(form) >= SHORTEST_FORM)


def _parts(value: str) -> Iterator[str]:
    value = value.strip()
    if len(value.encode("utf-8", "replace")) <= _LONGEST_WHOLE:
        yield value
        return
    for line in value.split("\n"):
        text = line.strip()
        for start in range(0, len(text), _PART):
            yield text[start : start + _PART] if len(text) - start >= SHORTEST_FORM else text[-_PART:]


def _forms(value: str) -> Iterator[str]:
    data = value.encode("utf-8", "replace")
    if len(data) < SHORTEST_FORM:
        return
    yield value
    for ascii_only in (True, False):
        yield json.dumps(value, ensure_ascii=ascii_only)[1:-1]
    yield json.dumps(value).replace("/", "\\/")[1:-1]
    for text in (quote(value), quote(value, safe=""), quote_plus(value)):
        yield text
        yield _small_escapes(text)
    yield data.hex()
    yield data.hex().upper()
    for alignment in range(3):
        plain = _base64(data, alignment)
        yield plain
        yield plain.replace("+", "-").replace("/", "_")


def _base64(data: bytes, before: int) -> str:
    """Return the digits of base64 that depend on the data alone, where so many bytes stand before it."""
    digits = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
    first = (0, 2, 3)[before]  # digits that the bytes before have a part in
    complete = (before + len(data)) % 3 == 0  # else the last digit depends on what follows
    return digits[first:] if complete else digits[first:-1]


def _small_escapes(text: str) -> str:
    first, *rest = text.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])
