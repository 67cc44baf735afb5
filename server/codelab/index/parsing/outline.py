"""A file's outline: what it defines, as an indented list that stands for a file too large to show."""

from collections.abc import Sequence

from codelab.index.parsing.parsed import Definition

# Left out first, in this order, when an outline would be too long.
_DETAILS = (
    frozenset(("field", "member", "key", "typedef", "declaration")),
    frozenset(("variable", "constant", "macro", "type")),
)
MAX_LINES = 200


def outline(symbols: Sequence[Definition], max_lines: int = MAX_LINES) -> str:
    """Write one line for each definition: its lines and its signature, indented under what holds it.

    Args:
        symbols: In the order of the file, as ``parse`` gives them.
        max_lines: The most lines; details go first, then what is nested deepest, then the end of the file.

    Returns:
        The outline, with a last line that says how many definitions are left out, if any are.
    """
    depths = _depths(symbols)
    kept = list(zip(symbols, depths, strict=True))
    for details in _DETAILS:
        if len(kept) > max_lines:
            kept = [pair for pair in kept if pair[0].kind not in details]
    deepest = max(depths, default=0)
    while len(kept) > max_lines and deepest > 0:
        kept = [pair for pair in kept if pair[1] < deepest]
        deepest -= 1
    kept = kept[:max_lines]
    lines = [
        f"{'  ' * depth}{symbol.start_line}-{symbol.end_line} {symbol.signature or symbol.name}"
        for symbol, depth in kept
    ]
    if len(kept) < len(symbols):
        lines.append(f"({len(symbols) - len(kept)} more)")
    return "\n".join(lines)


def _depths(symbols: Sequence[Definition]) -> list[int]:
    """Return how many of the definitions before it are open around each one."""
    depths = []
    open_names: list[str] = []
    for symbol in symbols:
        while open_names and not symbol.qualified.startswith(f"{open_names[-1]}."):
            open_names.pop()
        depths.append(len(open_names))
        open_names.append(symbol.qualified)
    return depths
