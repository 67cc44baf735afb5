"""Join small neighbouring pieces of a file."""

from codelab.index.parsing.windows import MAX_LINES, MAX_WEIGHT, Lines

# A piece with fewer rows than this looks for a neighbour.
SMALL_LINES = 5
TINY_LINES = 3


# Short definitions of these kinds name a chunk only where they are most of it.
_SPEAK_FOR_THEMSELVES = frozenset(("constant", "field", "key", "macro", "type", "typedef", "variable"))


class Piece:
    """Rows ``first`` to ``after``, ``after`` excluded, that become a chunk.

    Attributes:
        name: The qualified name of what it belongs to, and its kind.
        scope: The same of the container around it; only pieces of one container are joined.
        heaviest: The weight of the part that gave it its name: its own at first.
        window: Its bytes, where it is a window that must stay as it is.
    """

    __slots__ = ("after", "first", "heaviest", "name", "scope", "window")

    def __init__(
        self,
        first: int,
        after: int,
        name: tuple[str, str],
        scope: tuple[str, str],
        heaviest: int,
        *,
        window: tuple[int, int] | None = None,
    ) -> None:
        self.first = first
        self.after = after
        self.name = name
        self.scope = scope
        self.heaviest = heaviest
        self.window = window


def merge_small(pieces: list[Piece], lines: Lines) -> list[Piece]:
    """Join pieces of fewer than SMALL_LINES rows with their neighbours in the same container.

    A joined piece has the symbol of the part that makes up most of it, else of its container. What is
    still tiny joins its neighbour whatever its container.
    """
    joined: list[Piece] = []
    total = lines.total
    last: Piece | None = None
    for piece in pieces:
        if (
            last is not None
            and (last.after - last.first < SMALL_LINES or piece.after - piece.first < SMALL_LINES)
            and last.scope == piece.scope
            and _can_join(last, piece, total)
        ):
            _join(last, piece, total)
        else:
            joined.append(piece)
            last = piece
    _name_whole_containers(joined)
    return _place_tiny(joined, total)


def _name_whole_containers(pieces: list[Piece]) -> None:
    """Name a piece that holds all of a container after it."""
    for at, piece in enumerate(pieces):
        scope = piece.scope[0]
        if not scope or piece.window is not None or piece.name == piece.scope:
            continue
        if not (
            (at > 0 and _is_within(pieces[at - 1].scope[0], scope))
            or (at + 1 < len(pieces) and _is_within(pieces[at + 1].scope[0], scope))
        ):
            piece.name = piece.scope


def _is_within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}.")


def _can_join(last: Piece, piece: Piece, total: list[int]) -> bool:
    return (
        last.window is None
        and piece.window is None
        and piece.after - last.first <= MAX_LINES
        and total[piece.after] - total[last.first] <= MAX_WEIGHT
    )


def _join(last: Piece, piece: Piece, total: list[int]) -> None:
    """Extend ``last`` by ``piece``."""
    last.after = piece.after
    heavier = piece if piece.heaviest > last.heaviest else last
    most = 2 * heavier.heaviest >= total[last.after] - total[last.first]
    if most or (not last.scope[0] and heavier.name[1] not in _SPEAK_FOR_THEMSELVES):
        last.name = heavier.name
    else:
        last.name = last.scope
    last.heaviest = heavier.heaviest


def _place_tiny(pieces: list[Piece], total: list[int]) -> list[Piece]:
    """Give what is left of one or two rows to the piece before, or after it when it heads that one."""
    placed: list[Piece] = []
    last: Piece | None = None
    for at, piece in enumerate(pieces):
        if last is not None:
            is_tiny = piece.after - piece.first < TINY_LINES
            was_tiny = last.after - last.first < TINY_LINES
            if (is_tiny or was_tiny) and _can_join(last, piece, total):
                following = pieces[at + 1] if at + 1 < len(pieces) else None
                heads_next = following is not None and following.scope == piece.name != last.scope
                if (was_tiny and piece.scope == last.name) or (is_tiny and not heads_next):
                    _join(last, piece, total)
                    continue
        placed.append(piece)
        last = piece
    return placed
