"""Text made safe to show: what could hide or reorder part of it becomes visible."""

import unicodedata

_KEPT = frozenset("\n\t")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})  # controls, format, private, separators


def visible(text: str) -> str:
    """Return text in which every control, bidirectional or zero-width character stands as ``<U+XXXX>``.

    Newlines and tabs stay. Nothing is cut: a person who approves a text must see all of it.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _HIDDEN_CATEGORIES:
        return character
    return f"<U+{ord(character):04X}>"
