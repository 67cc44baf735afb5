"""Search over an indexed workspace and over what is only in an editor."""

from pathlib import Path

import pytest

from codelab.config.places import Places
from codelab.core.errors import InputError
from codelab.index.files.repository import index_folder
from codelab.index.reader import IndexReader
from codelab.index.searching.explain import ADDED
from codelab.index.storing import database
from tests.index.conftest import Index
from tests.index.helpers import paths, write

SHOP = """
== shop/payments.py
def charge_card(card, amount):
    \"\"\"Take money from a credit card and return the receipt.\"\"\"
    return Receipt(card, amount)


class Receipt:
    def __init__(self, card, amount):
        self.card = card
        self.amount = amount

    def total_with_tax(self, rate):
        return self.amount * (1 + rate)

== shop/stock.py
from shop.payments import Receipt


def reserve_items(order):
    \"\"\"Keep items of an order back in the warehouse.\"\"\"
    return [item.reserve() for item in order.items]

== shop/http/router.py
class UrlRouter:
    def resolve(self, address):
        return self.table[address]

== tests/test_payments.py
from shop.payments import charge_card


def test_charge_card_takes_money():
    assert charge_card("card", 10).amount == 10

== web/cart.js
export function addToCart(item) {
  return fetch("/cart", {method: "POST", body: item});
}
"""


@pytest.fixture
def shop(root: Path, index: Index, reader: IndexReader) -> IndexReader:
    """Return the reader of an indexed shop."""
    write(root, SHOP)
    index()
    return reader


def reasons_of_best(reader: IndexReader, query: str) -> list[str]:
    """Return what was added to the score of the best hit, in words; nothing where there is no hit."""
    return [reason.what for hit in reader.search(query)[:1] for reason in hit.reasons]


def check_first(reader: IndexReader, query: str, first: str, **filters: str) -> None:
    """Check which file the best hit of a query is in."""
    hits = reader.search(query, **filters)  # type: ignore[arg-type]
    assert paths(hits)[:1] == [first]


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("how is money taken from a credit card?", "shop/payments.py"),
        ("charging cards", "shop/payments.py"),
        ("Receipt", "shop/payments.py"),
        ("shop.payments.Receipt", "shop/payments.py"),
        ("url router", "shop/http/router.py"),
        ("keep items back", "shop/stock.py"),
        ("add to cart", "web/cart.js"),
        ("addtocart", "web/cart.js"),
        ("test that charging takes money", "tests/test_payments.py"),
    ],
)
def test_words_names_and_questions_find_their_file_first(shop: IndexReader, query: str, path: str) -> None:
    check_first(shop, query, path)


@pytest.mark.req("INDEX-4")
def test_a_definition_comes_before_its_uses_and_tests(shop: IndexReader) -> None:
    assert paths(shop.search("charge_card"))[:2] == ["shop/payments.py", "tests/test_payments.py"]


@pytest.mark.req("INDEX-4")
def test_a_hit_is_the_passage_as_it_stands_in_the_file(root: Path, shop: IndexReader) -> None:
    hit = shop.search("reserve_items")[0]
    lines = (root / hit.path).read_text().splitlines(keepends=True)
    assert hit.text == "".join(lines[hit.start_line - 1 : hit.end_line])
    assert (hit.symbol, hit.kind) == ("reserve_items", "function")
    scores = [one.score for one in shop.search("card amount receipt", limit=20)]
    assert scores == sorted(scores, reverse=True)
    assert len(shop.search("card amount receipt", limit=2)) == 2


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_passages_keep_the_ends_of_their_lines(
    root: Path, index: Index, reader: IndexReader, end: str, last: str
) -> None:
    lines = [*("# padding" for _ in range(60)), "def reserve():", "    return 1"]
    (root / "a.py").write_bytes((end.join(lines) + last).encode())
    index()
    hit = reader.search("reserve")[0]
    assert hit.end_line == len(lines)
    assert hit.text == end.join(lines[hit.start_line - 1 :]) + last


@pytest.mark.req("INDEX-4")
def test_filters_by_path_language_and_kind(shop: IndexReader) -> None:
    check_first(shop, "charge card money", "tests/test_payments.py", path="tests")
    check_first(shop, "card items cart", "web/cart.js", path="*.js")
    check_first(shop, "card items cart", "web/cart.js", language="javascript")
    assert {hit.kind for hit in shop.search("card", kind="function")} == {"function"}
    assert shop.search("zzzqqq", path="web/") == []
    with pytest.raises(InputError, match="No file of the index matches the path 'nowhere/'"):
        shop.search("card", path="nowhere/")


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    "query", ["", "?", '"', "NEAR(", "a AND OR", "x*", "\0", "é" * 500, "the", "wörd" * 5000]
)
def test_no_query_is_an_error(shop: IndexReader, query: str) -> None:
    assert isinstance(shop.search(query), list)


@pytest.mark.req("INDEX-4")
def test_without_an_index_there_is_nothing_and_no_error(reader: IndexReader) -> None:
    assert reader.search("anything") == []
    assert reader.outline("a.py") == []
    assert reader.find_symbols("a") == []
    assert reader.status().state == "missing"


@pytest.mark.req("INDEX-3")
def test_symbols_are_found_by_their_names_exact_ones_first(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(root, SHOP + "\n== shop/more.py\ndef receipt():\n    pass\n")
    index()
    assert [s.qualified for s in reader.find_symbols("Receipt")] == ["Receipt", "receipt"]
    assert [s.qualified for s in reader.find_symbols("Receipt.total_with_tax")] == ["Receipt.total_with_tax"]
    assert reader.find_symbols("Other.total_with_tax") == []
    assert [s.name for s in reader.outline("shop/http/router.py")] == ["UrlRouter", "resolve"]


@pytest.mark.req("INDEX-7")
def test_unsaved_text_is_found_and_what_it_replaces_is_not(root: Path, shop: IndexReader) -> None:
    edited = (
        (root / "shop/stock.py")
        .read_text()
        .replace("reserve_items", "hold_goods")
        .replace("warehouse", "depot")
    )
    overlay = {"shop/stock.py": edited, "unsaved.py": "def greet_visitor():\n    return 'hello'\n"}
    assert "def hold_goods" in shop.search("hold_goods", overlay=overlay)[0].text
    assert paths(shop.search("goods in the depot", overlay=overlay))[0] == "shop/stock.py"
    assert all("reserve_items" not in hit.text for hit in shop.search("reserve_items", overlay=overlay))
    assert paths(shop.search("greet visitor", overlay=overlay))[0] == "unsaved.py"
    assert [s.path for s in shop.find_symbols("hold_goods", overlay)] == ["shop/stock.py"]
    assert shop.find_symbols("reserve_items", overlay) == []
    assert [s.name for s in shop.outline("shop/stock.py", overlay)] == ["hold_goods"]
    assert "reserve_items" in shop.search("reserve_items")[0].text, "the control: without the buffer"


@pytest.mark.req("INDEX-7")
def test_an_unchanged_buffer_ranks_as_its_file_does(root: Path, shop: IndexReader) -> None:
    query = "take money from a card and give a receipt"
    plain = shop.search(query, limit=20)
    overlay = {"shop/payments.py": (root / "shop/payments.py").read_text()}
    assert shop.search(query, limit=20, overlay=overlay) == plain


@pytest.mark.req("INDEX-7")
def test_an_open_file_with_secrets_is_not_searched(shop: IndexReader) -> None:
    text = "TOKEN=hunter2hunter2\n"
    assert shop.search("hunter2hunter2", overlay={".env": text}) == []
    assert paths(shop.search("hunter2hunter2", overlay={"env.txt": text})) == ["env.txt"], "the control"


@pytest.mark.req("INDEX-1", "INDEX-4")
def test_a_file_changed_since_it_was_indexed_is_shown_as_it_is_now(root: Path, shop: IndexReader) -> None:
    write(root, "== shop/stock.py\n# moved down\n\ndef reserve_items(order, urgent):\n    return urgent\n")
    (root / "shop/payments.py").unlink()
    hit = shop.search("reserve_items")[0]
    assert "urgent" in hit.text
    assert hit.start_line >= 1
    assert all(hit.path != "shop/payments.py" for hit in shop.search("charge_card receipt money"))
    assert shop.search("warehouse") == []


@pytest.mark.req("INDEX-4")
def test_one_file_does_not_crowd_out_the_others(root: Path, index: Index, reader: IndexReader) -> None:
    many = "\n\n".join(f"def parse_header_{n}(header):\n    return header.parse({n})" for n in range(30))
    write(
        root,
        f"== big.py\n{many}\n== small.py\ndef read(line):\n    header = line.parse()\n    return header\n",
    )
    index()
    assert set(paths(reader.search("parse header", limit=10))) == {"big.py", "small.py"}


@pytest.mark.req("INDEX-4", "INDEX-5")
def test_what_a_reader_remembers_is_forgotten_when_the_index_changes(
    root: Path, index: Index, shop: IndexReader
) -> None:
    assert shop.search("serialization") == []
    assert "shop/stock.py" in paths(shop.search("reserve_items"))
    assert ADDED["named"] not in reasons_of_best(shop, "reserve_later")
    (root / "shop/stock.py").rename(root / "shop/serializers.py")  # the same content
    write(root, "== shop/late.py\ndef reserve_later():\n    return 'warehouse'\n")
    index()
    assert paths(shop.search("serialization")) == ["shop/serializers.py"]
    assert set(paths(shop.search("warehouse"))) == {"shop/serializers.py", "shop/late.py"}
    assert ADDED["named"] in reasons_of_best(shop, "reserve_later")


@pytest.mark.req("INDEX-1")
def test_the_reader_takes_up_an_index_that_was_made_afresh(
    root: Path, places: Places, index: Index, shop: IndexReader
) -> None:
    assert shop.search("receipt")
    database.remove(index_folder(places, shop.repository))
    write(root, "== late.py\ndef latecomer():\n    pass\n")
    index()
    assert shop.find_symbols("latecomer")
