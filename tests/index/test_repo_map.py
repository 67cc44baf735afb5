"""The map of the repository."""

from pathlib import Path

import pytest

from codelab.core.errors import InputError
from codelab.index.knowledge.code_graph import CodeGraph
from codelab.index.knowledge.repo_map import RepoMap, tokens_of
from codelab.index.reader import IndexReader
from tests.index.conftest import Index
from tests.index.helpers import write

pytestmark = pytest.mark.req("INDEX-3")

SHOP = """
    == core/money.py
    class Money:
        def add(self, other):
            return self

    def forgotten():
        return 1
    == core/cart.py
    from core.money import Money

    class Cart:
        def total(self):
            return Money()
    == web/view.py
    from core.cart import Cart
    from core.money import Money

    def show():
        return Cart(), Money()
    == tests/test_view.py
    from web.view import show
    from core.money import Money

    def test_show():
        assert show() and Money()
    """


@pytest.fixture
def graph(root: Path, index: Index, reader: IndexReader) -> CodeGraph:
    write(root, SHOP)
    index()
    return CodeGraph(reader)


def order(drawn: RepoMap) -> list[str]:
    return [file.path for file in drawn.files]


def rank(drawn: RepoMap, path: str) -> float:
    return next(file.rank for file in drawn.files if file.path == path)


def test_what_the_rest_of_the_code_uses_comes_first(graph: CodeGraph) -> None:
    drawn = graph.repo_map(tokens=400)
    assert order(drawn)[0] == "core/money.py"
    assert order(drawn)[-1] == "tests/test_view.py"
    assert drawn.text.startswith("core/money.py\n  1: class Money\n    2: def add(self, other)\n")
    assert drawn.files_total == 4
    assert graph.repo_map(tokens=400) == drawn


@pytest.mark.parametrize("tokens", [0, 5, 20, 40, 80])
def test_the_map_stays_within_its_budget(graph: CodeGraph, tokens: int) -> None:
    drawn = graph.repo_map(tokens=tokens)
    assert drawn.tokens == tokens_of(drawn.text) <= tokens
    assert bool(drawn.files) == (tokens > 5)


def test_a_focus_brings_a_file_and_what_it_uses_forward(graph: CodeGraph) -> None:
    plain = graph.repo_map(tokens=400)
    for focused in (graph.repo_map(tokens=400, files=["web"]), graph.repo_map(tokens=400, words="show view")):
        assert order(focused).index("web/view.py") <= order(plain).index("web/view.py")
        assert rank(focused, "web/view.py") > 1.5 * rank(plain, "web/view.py")
    assert graph.repo_map(tokens=60, files=["."]) == graph.repo_map(tokens=60)
    with pytest.raises(InputError, match="no file or folder nowhere"):
        graph.repo_map(tokens=60, files=["web", "nowhere"])


@pytest.mark.req("INDEX-7")
def test_the_map_is_of_the_text_that_is_open(graph: CodeGraph) -> None:
    overlay = {"core/money.py": "class Coin:\n    pass\n", "web/view.py": "", "core/cart.py": ""}
    assert "class Coin" in graph.repo_map(tokens=400, overlay=overlay).text
    assert "class Coin" not in graph.repo_map(tokens=400).text


def test_an_index_without_anything_gives_an_empty_map(reader: IndexReader) -> None:
    assert CodeGraph(reader).repo_map() == RepoMap("", 0, (), 0)
