"""In what order passages stand, and why."""

import math
from pathlib import Path

import pytest

from codelab.index.reader import IndexReader
from codelab.index.searching.bm25 import Statistics
from codelab.index.searching.demotion import demotions
from codelab.index.searching.evidence import is_similar, shares
from codelab.index.searching.matching import telling_terms
from codelab.index.searching.name_evidence import name_evidence, words_within
from codelab.index.searching.query import understand
from codelab.index.types import Hit
from tests.index.conftest import Index
from tests.index.helpers import paths, write

CLIENT = '''
class Client:
    """Send requests to the service."""

    def send_request(self, request):
        return self.transport.send(request)
'''


def check_order(root: Path, index: Index, reader: IndexReader, files: dict[str, str]) -> None:
    """Check that a query for the client finds files in the order given, whatever the order of their names."""
    write(root, "".join(f"== {path}\n{text}\n" for path, text in files.items()))
    index()
    assert paths(reader.search("send request")) == list(files)


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("shop/v2/client.py", "shop/v1/client.py"),
        ("shop/zz/client.py", "shop/_aa/client.py"),
        ("zz/client.py", ".aa/client.py"),
        ("zz/client.py", "tests/client.py"),
        ("zz/client.py", "aa/vendor/client.py"),
        ("zz/client.py", "aa/examples/client.py"),
        ("zz/client.py", "aa/client_pb2.py"),
    ],
)
def test_what_is_seldom_the_answer_stands_back(
    root: Path, index: Index, reader: IndexReader, better: str, worse: str
) -> None:
    check_order(root, index, reader, {better: CLIENT, worse: CLIENT + "\n# the other\n"})


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    ("path", "rules"),
    [
        ("src/test/java/shop/Cart.java", ("test",)),
        ("Shop.Json.Tests/Objects/Cart.cs", ("test",)),
        ("Tests/ShopTests/Cart.swift", ("test",)),
        ("core/androidTest/Cart.kt", ("test",)),
        ("shop-tests/src/Cart.java", ("test",)),
        ("shop/cart_test.go", ("test",)),
        ("shop/CartIT.java", ("test",)),
        ("spec/spec_helper.rb", ("test",)),
        ("lib/templates/cart_spec.rb.erb", ("test",)),
        ("shop/cart.bats", ("test",)),
        ("shop/contest/Latest.java", ()),
        ("shop/EDIT.java", ()),
        ("shop/attest/cart.go", ()),
        ("shop/cart.pb.go", ("generated",)),
        ("shop/zz_generated.deepcopy.go", ("generated",)),
        ("shop/cart.freezed.dart", ("generated",)),
        ("configure", ("generated",)),
        ("src/configure.c", ()),
        ("3rdparty/zip/zip.c", ("vendored",)),
        ("shop-samples/Cart.java", ("example",)),
        ("CHANGES", ("prose",)),
        ("shop.1.in", ("prose",)),
        ("shop/todo.go", ()),
        ("shop/mod.rs", ("surface",)),
        ("Properties/AssemblyInfo.cs", ("surface",)),
        ("internal/cart/cart.go", ()),
        ("src/main/java/shop/internal/Cart.java", ()),
        ("src/internal/cart.ts", ("private",)),
        ("shop/internals.py", ("private",)),
    ],
)
def test_the_conventions_of_each_language_tell_what_a_file_is_for(path: str, rules: tuple[str, ...]) -> None:
    assert demotions(path, frozenset()) == rules


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("how are orders sent", True),
        ("Where is the cart kept", True),
        ("orders are sent by whom?", True),
        ("send an order", False),
        ("however_named", False),
        ("is", False),
        ("island of the cart", False),
    ],
)
def test_a_question_is_told_from_a_description(text: str, question: bool) -> None:
    assert understand(text).is_question == question


@pytest.mark.req("INDEX-4")
def test_a_question_is_answered_by_more_files_than_a_description(
    root: Path, index: Index, reader: IndexReader
) -> None:
    many = "\n".join(
        f"def send_order_{n}(order):\n    'Send the order {n}.'\n" + "    order += 1\n" * 30 for n in range(4)
    )
    write(
        root,
        f"== orders/send_order.py\n{many}\n== post.py\ndef send_order_again(order):\n    'Send the order.'\n",
    )
    index()
    asked = [hit.path for hit in reader.search("how does it send the order")]
    described = [hit.path for hit in reader.search("it does send the order")]
    assert asked.index("post.py") < described.index("post.py")


@pytest.mark.req("INDEX-4")
def test_an_older_version_that_is_asked_for_does_not_stand_back(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(root, f"== shop/v1/client.py\n{CLIENT}\n== shop/v2/client.py\n{CLIENT}\n# newer\n")
    index()
    assert paths(reader.search("v1 client"))[0] == "shop/v1/client.py"
    assert paths(reader.search("client"))[0] == "shop/v2/client.py", "the control"


@pytest.mark.req("INDEX-4")
def test_a_version_folder_beside_newer_forms_of_its_files_is_an_older_version(
    root: Path, index: Index, reader: IndexReader
) -> None:
    names = ("client", "server", "transport")
    kept = "".join(f"== shop/{name}.py\n{CLIENT}\n# {name}\n" for name in names)
    old = "".join(f"== shop/v1/{name}.py\n{CLIENT}\n# old {name}\n" for name in names)
    write(root, kept + old)
    index()
    hits = reader.search("client send request")
    assert paths(hits)[0] == "shop/client.py"
    assert [said(hit) & {"a newer version lies beside it"} != set() for hit in hits] == [
        hit.path.startswith("shop/v1/") for hit in hits
    ]


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("serialization", "shop/serializers.py"),
        ("wie funktioniert parse_header", "shop/headers.py"),
        ("как работает parse_header", "shop/headers.py"),
        ("ヘッダー parse_header", "shop/headers.py"),
    ],
)
def test_other_forms_of_a_word_and_other_languages_find_the_file(
    root: Path, index: Index, reader: IndexReader, query: str, path: str
) -> None:
    write(
        root,
        """
        == shop/serializers.py
        def dump(order):
            return order.data
        == shop/orders.py
        def dump(order):
            return order.data or order
        == shop/headers.py
        def parse_header(line):
            return line.split(":")
        """,
    )
    index()
    assert paths(reader.search(query))[0] == path


def said(hit: Hit) -> set[str]:
    """Return what the reasons of a hit say."""
    return {reason.what for reason in hit.reasons}


@pytest.mark.req("INDEX-4")
def test_the_reasons_of_a_hit_give_its_score(root: Path, index: Index, reader: IndexReader) -> None:
    write(root, f"== shop/client.py\n{CLIENT}\n== tests/test_client.py\n{CLIENT}\n# test\n")
    index()
    for query in ("Client", "send a request to the service", "client send_request"):
        hits = reader.search(query)
        assert len(hits) >= 2
        for hit in hits:
            sum_of = sum(one.amount for one in hit.reasons if not one.multiplies)
            factor = math.prod(one.amount for one in hit.reasons if one.multiplies)
            assert hit.score == pytest.approx(sum_of * factor, abs=0.02)
    assert "it defines the name asked for" in said(reader.search("Client")[0])
    assert "a test" in said(reader.search("Client", path="tests")[0])
    assert "a test" not in said(reader.search("test Client", path="tests")[0])


@pytest.mark.req("INDEX-7")
def test_a_buffer_has_the_reasons_of_its_file(root: Path, index: Index, reader: IndexReader) -> None:
    write(root, f"== shop/_client.py\n{CLIENT}\n== shop/other.py\nx = 1\n")
    index()
    overlay = {"shop/_client.py": (root / "shop/_client.py").read_text()}
    plain = reader.search("client request")
    assert reader.search("client request", overlay=overlay) == plain
    assert "internal" in said(plain[0])


@pytest.mark.req("INDEX-4")
def test_words_that_are_nearly_everywhere_are_left_out_as_long_as_rarer_ones_are_there() -> None:
    statistics = Statistics(100_000, 5_000_000, {"get": 40_000, "set": 30_000, "invoice": 12})
    assert telling_terms(("get", "invoice", "set"), statistics) == ["invoice"]
    assert telling_terms(("get", "set"), statistics) == ["set"]
    assert telling_terms(("get", "unheard"), statistics) == ["unheard", "get"]


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    ("term", "word", "similar"),
    [
        ("serializ", "serializer", True),
        ("serialization", "serializ", True),
        ("config", "configur", True),
        ("serialization", "serializer", True),
        ("rout", "router", True),
        ("cat", "cats", False),
        ("contract", "contrast", False),
        ("parse", "parse", False),
    ],
)
def test_forms_of_one_word_are_told_from_words_that_begin_alike(term: str, word: str, similar: bool) -> None:
    assert is_similar(term, word) is similar


def check_name(symbol: str, query: str, fit: float) -> None:
    """Check how well a name is made of the words of a query; all of these count the same."""
    terms = understand(query).terms
    asked = shares(terms, Statistics(0, 0, {}), {})
    assert name_evidence(symbol, asked, words_within(terms)) == pytest.approx(fit, abs=0.01)


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    ("symbol", "query", "fit"),
    [
        ("parse_header", "parse a header", 1.0),
        ("mail.Parser.parseHeaders", "parse the header", 1.0),
        ("parse_header", "parse a header into its fields", 2 / 3),
        ("parse", "parse a header", 1 / 2),
        ("parse_mail_header", "parse a header", 4 / 9),
        ("send_mail", "parse a header", 0.0),
        ("copyfile", "copy a file", 1.0),
        ("_validatepattern", "validate the pattern", (14 / 15) ** 2),
        ("profile", "file a report", 0.0),
        ("", "parse a header", 0.0),
    ],
)
def test_a_name_counts_by_the_words_of_the_query_that_it_is_made_of(
    symbol: str, query: str, fit: float
) -> None:
    check_name(symbol, query, fit)


@pytest.mark.req("INDEX-4")
def test_what_is_described_comes_before_what_uses_the_same_words(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(
        root,
        """
        == shop/mail.py
        def deliver(message, pending):
            for address in message.addresses:
                pending.append((address, message))
                message.address = address
                message.pending = True
        == shop/rest.py
        def pendingmessages(box):
            found = []
            for one in box:
                if not one.sent:
                    found.append(one)
            return found
        """,
    )
    index()
    hit = reader.search("return all pending messages")[0]
    assert hit.symbol == "pendingmessages"
    assert "the words of its name" in said(hit)


@pytest.mark.req("INDEX-4")
@pytest.mark.parametrize(
    ("query", "of_a_function"),
    [
        ("return the headers of a response", True),
        ("Parses the header of a mail.", True),
        ("parsing of mail headers", False),
        ("how the headers of a mail are parsed", False),
        ("request body parsing", False),
        ("parse header", False),
        ("parse_header", False),
        ("", False),
    ],
)
def test_a_query_that_says_what_one_function_does_is_told_from_a_topic(
    query: str, *, of_a_function: bool
) -> None:
    assert understand(query).of_a_function is of_a_function


@pytest.mark.req("INDEX-4")
def test_what_one_function_does_is_looked_for_in_internal_files_too(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(root, f"== shop/_client.py\n{CLIENT}")
    index()
    assert "internal" not in said(reader.search("send a request to the service")[0])
    assert "internal" in said(reader.search("the request client of the service")[0]), "the control"


@pytest.mark.req("INDEX-4", "INDEX-7")
def test_each_of_several_short_functions_in_one_passage_is_found_by_its_name(
    root: Path, index: Index, reader: IndexReader
) -> None:
    names = ("build_drawer", "clear_lid", "render_mirror", "reset_clock", "split_lamp")
    write(root, "== shop/house.py\n" + "".join(f"def {name}(x):\n    return x\n\n" for name in names))
    index()
    assert len(reader.search("house")) == 1, "the control: they share a passage"
    overlay = {"shop/house.py": (root / "shop/house.py").read_text()}
    for name in names:
        query = f"{name.replace('_', ' the ')} again"
        hit = reader.search(query)[0]
        assert "the words of its name" in said(hit), query
        assert reader.search(query, overlay=overlay)[0] == hit
    assert "the words of its name" not in said(reader.search("return the top of the house")[0]), "the control"
