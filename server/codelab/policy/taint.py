"""What a session has read that is not the person's own word; it only grows."""

from dataclasses import dataclass

MOST_SOURCES = 50  # kept by name, of each kind: enough to say what it was


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


UNTAINTED = Taint()


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))[:MOST_SOURCES]
