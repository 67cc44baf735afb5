"""What a file is for, told from its path: a demotion for what is seldom the answer to a question."""

import re
from functools import lru_cache
from typing import NamedTuple

_TESTS = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|__mocks__|spec|specs|testdata|fixtures|e2e|test-utils?)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*[._-](?:test|tests|spec|specs)|conftest|[^/]*(?:Test|Tests|Spec)|[^/]*_test)\.\w+$",
)
_GENERATED = re.compile(
    r"\.min\.\w+$|[._-](?:generated|gen|pb|pb2|pb2_grpc|g|designer)\.\w+$|\.(?:map|snap|lock|svg|po|pot|csv|tsv)$"
    r"|(?:^|/)(?:generated|__generated__|__snapshots__|dist|migrations)/",
    re.IGNORECASE,
)
_VENDORED = re.compile(
    r"(?:^|/)(?:vendor|vendored|_vendor|third[_-]?party|external|extern|deps|node_modules|bower_components|locale)/",
    re.IGNORECASE,
)
_EXAMPLES = re.compile(
    r"(?:^|/)(?:examples?|samples?|demos?|docs?|docs_src|documentation|tutorials?|benchmarks?|bench|legacy|compat"
    r"|deprecated)/",
    re.IGNORECASE,
)
_TEXTS = re.compile(
    r"\.(?:md|markdown|rst|txt|adoc|json|ya?ml|toml|ini|cfg|html?|css|scss|xml)$", re.IGNORECASE
)
_SURFACES = re.compile(
    r"(?:^|/)(?:__init__\.pyi?|index\.[cm]?[jt]sx?|mod\.rs|[^/]*\.d\.[cm]?ts|package-info\.java)$"
)


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    factor: float
    unless: frozenset[str]  # stems in a query that ask for just such files


RULES = (
    _Rule(_TESTS, 0.5, frozenset(("test", "spec", "fixtur", "mock", "conftest"))),
    _Rule(_GENERATED, 0.5, frozenset(("generat", "migrat", "snapshot"))),
    _Rule(_VENDORED, 0.6, frozenset(("vendor", "local", "extern"))),
    _Rule(_EXAMPLES, 0.7, frozenset(("exampl", "sampl", "demo", "doc", "tutorial", "benchmark", "legacy"))),
    _Rule(
        _TEXTS, 0.7, frozenset(("doc", "readm", "changelog", "config", "configur", "packag", "html", "css"))
    ),
    _Rule(_SURFACES, 0.8, frozenset(("index", "init", "export"))),
)


@lru_cache(maxsize=50_000)
def demotion(path: str, terms: frozenset[str]) -> float:
    """Return what the score of a passage in a file is multiplied by: 1 for plain sources.

    Args:
        path: The file.
        terms: The stems of the query: one that asks for tests is not turned away from them.
    """
    factor = 1.0
    for rule in RULES:
        if rule.unless.isdisjoint(terms) and rule.pattern.search(path):
            factor *= rule.factor
    return factor
