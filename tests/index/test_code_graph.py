"""How the code of a workspace hangs together."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from codelab.index.knowledge.code_graph import CodeGraph
from codelab.index.reader import IndexReader
from tests.index.conftest import Index
from tests.index.helpers import write

pytestmark = pytest.mark.req("INDEX-3")

SHOP = """
    == shop/__init__.py
    from shop.pay import Card
    == shop/pay.py
    class Card:
        def charge(self, amount):
            return self.check(amount)

        def check(self, amount):
            return amount > 0

    def refund(card):
        return card.charge(-1)
    == shop/other.py
    def refund(card):
        return None

    def use():
        return refund(None)
    == app.py
    from shop import Card
    from shop.pay import refund

    def main():
        card = Card()
        card.charge(3)
        refund(card)
    == lone.py
    def late(thing):
        thing.charge(9)
    """


@pytest.fixture
def graph(reader: IndexReader) -> Iterator[CodeGraph]:
    yield CodeGraph(reader)


def check_references(graph: CodeGraph, name: str, expected: list[str], **more: str) -> None:
    """Compare the uses of a name, written ``path:line kind confidence in symbol``."""
    found = graph.references(name, **more)  # type: ignore[arg-type]
    shown = [f"{u.path}:{u.line} {u.kind} {u.confidence} in {u.symbol or '-'}" for u in found]
    assert shown == expected


def test_uses_are_told_apart_by_what_their_files_import(root: Path, index: Index, graph: CodeGraph) -> None:
    write(root, SHOP)
    index()
    expected = ["app.py:2 import exact in -", "app.py:7 call exact in main"]
    check_references(graph, "refund", expected, defined_in="shop/pay.py")
    check_references(graph, "refund", ["shop/other.py:5 call exact in use"], defined_in="shop/other.py")
    assert len(graph.references("refund")) == 3


def test_members_are_surer_the_nearer_they_are(root: Path, index: Index, graph: CodeGraph) -> None:
    write(root, SHOP)
    index()
    check_references(graph, "Card.check", ["shop/pay.py:3 call exact in Card.charge"])
    charged = [
        "app.py:6 call imported in main",
        "shop/pay.py:9 call imported in refund",
        "lone.py:2 call by name in late",
    ]
    check_references(graph, "Card.charge", charged)
    check_references(graph, "shop.pay.Card.charge", charged)
    check_references(graph, "Other.charge", [])
    check_references(graph, "charge_all", [])


def test_a_name_that_is_handed_on_by_another_file_is_followed(
    root: Path, index: Index, graph: CodeGraph
) -> None:
    write(root, SHOP)
    index()
    seen = graph.references("Card", defined_in="shop/pay.py")
    assert {(use.path, use.confidence) for use in seen} == {
        ("app.py", "exact"),
        ("shop/__init__.py", "exact"),
    }
    assert [use.text for use in seen if use.kind == "call"] == ["card = Card()"]
    found = graph.definitions("Card", seen_from="app.py")
    assert [(one.symbol.path, one.confidence) for one in found] == [("shop/pay.py", "exact")]


def test_callers_and_callees(root: Path, index: Index, graph: CodeGraph) -> None:
    write(root, SHOP)
    index()
    callers = graph.callers("refund", defined_in="shop/pay.py")
    assert [(one.path, one.symbol, one.lines) for one in callers] == [("app.py", "main", (7,))]
    assert [one.symbol.qualified for one in graph.callees("main")] == ["Card", "refund", "Card.charge"]
    at = graph.definitions_at("app.py", 7)
    assert [(one.symbol.path, one.symbol.name) for one in at] == [("shop/pay.py", "refund")]


def test_imports_lead_to_files_and_back(root: Path, index: Index, graph: CodeGraph) -> None:
    write(root, SHOP)
    index()
    assert [(one.module, one.paths) for one in graph.imports("app.py")] == [
        ("shop", ("shop/__init__.py",)),
        ("shop.pay", ("shop/pay.py",)),
    ]
    assert graph.importers("shop/pay.py") == ["app.py", "shop/__init__.py"]
    assert graph.importers("app.py") == []


def test_after_a_save_and_a_new_file_the_answers_are_those_of_a_fresh_graph(
    root: Path, index: Index, graph: CodeGraph, reader: IndexReader
) -> None:
    write(root, SHOP)
    index()
    graph.importers("app.py")
    for change in (
        "== lone.py\nfrom shop.pay import Card\n",
        "== shop/pay/__init__.py\nclass Card:\n    pass\n",
        "== app.py\nimport shop.other\n",
    ):
        write(root, change)
        index()
        fresh = CodeGraph(reader)
        files = [path.relative_to(root).as_posix() for path in root.rglob("*.py")]
        assert [graph.importers(path) for path in files] == [fresh.importers(path) for path in files]
        assert graph.references("Card") == fresh.references("Card")
    (root / "shop/other.py").unlink()
    index()
    assert graph.importers("shop/other.py") == []


@pytest.mark.req("INDEX-7")
def test_unsaved_text_counts_in_place_of_the_file(root: Path, index: Index, graph: CodeGraph) -> None:
    write(root, SHOP)
    index()
    overlay = {
        "lone.py": "from shop.pay import refund\n\n\ndef late(card):\n    refund(card)\n",
        "new.py": "from shop import lone\nimport lone\n",
        "app.py": "",
    }
    uses = graph.references("refund", defined_in="shop/pay.py", overlay=overlay)
    assert [(use.path, use.line, use.text) for use in uses] == [
        ("lone.py", 1, "from shop.pay import refund"),
        ("lone.py", 5, "refund(card)"),
    ]
    assert graph.importers("shop/pay.py", overlay=overlay) == ["lone.py", "shop/__init__.py"]
    assert graph.importers("lone.py", overlay=overlay) == ["new.py"]
    assert graph.importers("shop/pay.py") == ["app.py", "shop/__init__.py"]
    assert [one.symbol.name for one in graph.callees("late", overlay=overlay)] == ["refund"]


def test_a_changed_manifest_changes_what_imports_mean(root: Path, index: Index, graph: CodeGraph) -> None:
    write(
        root,
        """
        == tsconfig.json
        {"compilerOptions": {"paths": {"@/*": ["./old/*"]}}}
        == old/a.ts
        export const a = 1;
        == new/a.ts
        export const a = 2;
        == main.ts
        import { a } from "@/a";
        """,
    )
    index()
    assert graph.importers("old/a.ts") == ["main.ts"]
    write(root, '== tsconfig.json\n{"compilerOptions": {"paths": {"@/*": ["./new/*"]}}}\n')
    index()
    assert (graph.importers("old/a.ts"), graph.importers("new/a.ts")) == ([], ["main.ts"])


def test_without_an_index_there_is_nothing(graph: CodeGraph) -> None:
    assert graph.references("anything") == [] and graph.importers("a.py") == []
    assert graph.definitions("") == [] and graph.callees("x") == [] and graph.imports("a.py") == []
