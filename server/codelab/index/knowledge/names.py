"""Names as people and models write them: ``Client.send``, ``Client::send``, ``Client#send``."""

from collections.abc import Iterable

from codelab.index.types import Symbol

_SEPARATORS = ("::", "#", "->", "/")


def plain_name(written: str) -> str:
    """Return a name with dots between its parts, without parentheses after it."""
    name = written.strip().removesuffix("()")
    for separator in _SEPARATORS:
        name = name.replace(separator, ".")
    return name.strip(".")


def last_part(name: str) -> str:
    """Return a plain name without its containers."""
    return name.rpartition(".")[2]


def named(symbols: Iterable[Symbol], name: str) -> list[Symbol]:
    """Return those definitions that a plain name, qualified or not, may mean."""
    if "." not in name:
        return [symbol for symbol in symbols if symbol.name == name]
    tail = f".{name}"
    return [s for s in symbols if f".{s.qualified}".endswith(tail) or _module_and_name(s, name)]


def _module_and_name(symbol: Symbol, name: str) -> bool:
    """Tell whether a name begins with the parts of the definition's path: ``package.module.Class.method``."""
    if not name.endswith(f".{symbol.qualified}"):
        return False
    place = symbol.path.rpartition(".")[0].removesuffix("/__init__").replace("/", ".")
    return f".{place}".endswith(f".{name.removesuffix(symbol.qualified).strip('.')}")
