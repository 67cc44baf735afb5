"""What a session has read that is not the person's own word; it only grows."""

from dataclasses import dataclass

MOST_SOURCES = 50  # kept by name, of each kind: enough to say what it was
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Taint:
    """The labels of a session. There is no way to take one off: a fresh session has none.

    Attributes:
        untrusted: Where text came from that somebody else may have written, e.g. ``README.md``.
        private: Where text came from that must not leave the machine.
    """

    untrusted: tuple[str, ...] = ()
    private: tuple[str, ...] = ()

    def joined(self, other: "Taint") -> "Taint":
        """Return the labels of both."""
        return Taint(_joined(self.untrusted, other.untrusted), _joined(self.private, other.private))

    def labels(self) -> tuple[str, ...]:
        """Return the labels as a digest binds them: each untrusted source, and that there is private text."""
        return (*(f"{UNTRUSTED}{one}" for one in self.untrusted), *(("private",) if self.private else ()))


UNTAINTED = Taint()
UNTRUSTED = "untrusted "
"""How a label of untrusted text begins."""


def in_words(sources: tuple[str, ...]) -> str:
    """Return the first sources of a label, and how many there are besides."""
    more = len(sources) - _MOST_NAMED
    return ", ".join(sources[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))[:MOST_SOURCES]
