"""What a file is for, told from its path: what is seldom the answer to a question stands back."""

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from sqlite3 import Connection
from typing import NamedTuple

from codelab.index.searching.weights import WEIGHTS

_TESTS = re.compile(
    # Folders by their whole name in any case, and by its end: Foo.Tests, foo-tests, androidTest, FooTests.
    r"(?:^|/)(?:(?i:tests?|testing|__tests__|__mocks__|specs?|testdata|fixtures|e2e)|(?i:[^/]*[._-]tests?)"
    r"|(?i:tests?[._-](?:utils?|helpers?|support|data|fixtures|common|resources))|[^/]*[a-z0-9]Tests?)/"
    r"|(?:^|/)(?:(?:test|spec)_[^/]*|[^/]*[._-](?:test|tests|spec|specs)|conftest|test_?utils?|test_?helpers?"
    r"|[^/]*(?:Test|Tests|Spec|Specs|TestCase|TestBase|TestUtils?|TestHelpers?|[a-z0-9]IT))(?:\.\w+){1,2}$"
    r"|\.(?:bats|phpt|t)$",
)
_GENERATED = re.compile(
    r"\.min\.\w+$|[._-](?:generated|gen|pb|pb2|pb2_grpc|g|freezed|designer)\.\w+$"
    r"|\.(?:map|snap|lock|svg|po|pot|csv|tsv|resx)$|\.tab\.(?:c|cc|cpp|h)$"
    r"|(?:^|/)(?:zz_generated[^/]*|moc_[^/]*\.cpp|lex\.yy\.\w+|aclocal\.m4|ltmain\.sh|config\.(?:guess|sub)|configure)$"
    r"|(?:^|/)(?:generated|__generated__|__snapshots__|dist|migrations)/",
    re.IGNORECASE,
)
_VENDORED = re.compile(
    r"(?:^|/)(?:vendors?|vendored|_vendor|(?:third|3rd)[_-]?party|external|extern|deps|node_modules|bower_components"
    r"|pods|carthage|locale)/",
    re.IGNORECASE,
)
_EXAMPLES = re.compile(
    r"(?:^|/)(?:(?:[^/]*[._-])?(?:examples?|samples?|demos?|benchmarks?)|docs?|docs_src|documentation|tutorials?|bench"
    r"|cookbook|legacy|compat|deprecated)~?/",
    re.IGNORECASE,
)
_TEXTS = re.compile(
    r"\.(?:mdx?|markdown|rst|txt|adoc|asciidoc|textile|rdoc|pod|texi|json|ya?ml|toml|ini|cfg|conf|properties|html?"
    r"|css|scss|xml|plist|csproj|sln|patch|diff|[1-9](?:\.in)?)$"
    r"|(?:^|/)(?:\d\d-)?(?:changes|changelog|readme|news|authors|copying|licen[cs]e|install|todo|history|notice"
    r"|contributors|thanks|bugs|release-?notes)$",
    re.IGNORECASE,
)
_SURFACES = re.compile(
    r"(?:^|/)(?:__init__\.pyi?|index\.[cm]?[jt]sx?|mod\.rs|[^/]*\.d\.[cm]?ts|package-info\.java|module-info\.java"
    r"|AssemblyInfo\.cs|GlobalUsings\.cs)$"
)
# Elsewhere ``internal`` is a rule of visibility, and what is below it is where the work is done.
_PRIVATE = re.compile(
    r"(?:^|/)_(?!_)[^/]*(?:/|\.\w+$)|(?:^|/)internals?(?:/(?:[^/]*/)*[^/]*)?\.(?:pyi?|[cm]?[jt]sx?)$"
)
_HIDDEN = re.compile(r"(?:^|/)\.[^/]")
_VERSION_FOLDER = re.compile(r"(?:^|/)v(\d{1,2})/")
_VERSION_WORD = re.compile(r"v\d{1,2}")
_LATER_VERSIONS = 12  # beyond the one at hand that are looked for
_LEAST_SHARED = 3


class _Rule(NamedTuple):
    name: str  # of the weight
    pattern: re.Pattern[str]
    unless: frozenset[str]  # stems in a query that ask for just such files


RULES = (
    _Rule("test", _TESTS, frozenset(("test", "spec", "fixtur", "mock", "conftest"))),
    _Rule("generated", _GENERATED, frozenset(("generat", "migrat", "snapshot"))),
    _Rule("vendored", _VENDORED, frozenset(("vendor", "local", "extern"))),
    _Rule(
        "example", _EXAMPLES, frozenset(("exampl", "sampl", "demo", "doc", "tutorial", "benchmark", "legacy"))
    ),
    _Rule(
        "prose",
        _TEXTS,
        frozenset(("doc", "readm", "changelog", "config", "configur", "packag", "html", "css")),
    ),
    _Rule("surface", _SURFACES, frozenset(("index", "init", "export"))),
    _Rule("private", _PRIVATE, frozenset(("intern", "privat"))),
    _Rule("hidden", _HIDDEN, frozenset(("hidden",))),
)


OF_FILES_AS_A_WHOLE = frozenset(("surface", "private"))
"""Rules that say what a file is for, and nothing of whether one of its functions does what is asked for."""


@lru_cache(maxsize=50_000)
def _matching(path: str) -> tuple[_Rule, ...]:
    return tuple(rule for rule in RULES if rule.pattern.search(path))


def demotions(path: str, terms: frozenset[str]) -> tuple[str, ...]:
    """Return the names of the weights by which a file stands back: none for plain sources.

    Args:
        path: The file.
        terms: The stems of the query: one that asks for tests is not turned away from them.
    """
    return tuple([rule.name for rule in _matching(path) if rule.unless.isdisjoint(terms)])


def demotion(path: str, terms: frozenset[str]) -> float:
    """Return what is left of the score of a file by its path alone: 1 for plain sources.

    Args:
        path: The file.
        terms: The stems of the query.
    """
    weights: dict[str, float] = WEIGHTS._asdict()
    return math.prod(weights[name] for name in demotions(path, terms))


@lru_cache(maxsize=50_000)
def version_folder(path: str) -> str:
    """Return the innermost folder of a path that is named for a version (``src/v3/``), or an empty string."""
    found = list(_VERSION_FOLDER.finditer(path))
    return path[: found[-1].end()] if found else ""


def asks_for_a_version(words: Iterable[str]) -> bool:
    """Tell whether one of the words of a query, as written, is a version (``v3``)."""
    return any(_VERSION_WORD.fullmatch(word.lower()) for word in words)


def is_superseded(connection: Connection, folder: str) -> bool:
    """Tell whether a folder named for a version lies beside a later one, or beside newer forms of its files.

    Args:
        connection: The index.
        folder: As ``version_folder`` returns it.
    """
    parent, _, name = folder[:-1].rpartition("/")
    prefix = f"{parent}/" if parent else ""
    number = int(name[1:])
    for later in range(number + 1, number + 1 + _LATER_VERSIONS):
        # "0" is the character after "/": the range holds all paths below the folder.
        bounds = (f"{prefix}v{later}/", f"{prefix}v{later}0")
        if connection.execute("SELECT 1 FROM path WHERE path >= ? AND path < ? LIMIT 1", bounds).fetchone():
            return True
    here, shared = connection.execute(
        "SELECT count(*), coalesce(sum(EXISTS ("
        "SELECT 1 FROM path q WHERE q.path = ? || substr(p.path, ?))), 0)"
        " FROM path p WHERE p.path >= ? AND p.path < ?",
        (prefix, len(folder) + 1, folder, f"{folder[:-1]}0"),
    ).fetchone()
    return bool(shared >= _LEAST_SHARED and 2 * shared >= here)
