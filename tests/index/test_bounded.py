"""Parsing through a callback: the same trees as from the text itself, and nothing that stays."""

import gc
from collections.abc import Callable

import pytest
from tree_sitter import Parser, Tree

from codelab.index.parsing.bounded import bounded_tree
from codelab_grammars import load

pytestmark = [pytest.mark.slow, pytest.mark.req("INDEX-1")]


def views_left_by(parse: Callable[[bytes], Tree | None]) -> int:
    """Return how many views of memory stay after many texts of one length were parsed."""

    def views() -> int:
        gc.collect()
        return sum(isinstance(one, memoryview) for one in gc.get_objects())

    parse(b"def name_00(): pass\n")
    before = views()
    for number in range(10, 60):
        parse(f"def name_{number}(): pass\n".encode())
    return views() - before


def test_what_was_parsed_does_not_stay_in_memory() -> None:
    grammar = load("python")

    def naive(data: bytes) -> Tree:
        view = memoryview(data)
        return Parser(grammar.language).parse(lambda byte, _: view[byte:], progress_callback=lambda *_: False)

    assert views_left_by(lambda data: bounded_tree(grammar, data)) == 0
    assert views_left_by(naive) >= 50, "the control: the binding keeps what a callback returns"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"x",
        b"x = 1",
        b"def a():\n    pass\n",
        b"def (:\n  x = [1,\n",
        b"#" * 79 + b"\n" + b"# a comment of usual length that stands in a large file\n" * 20_000,
    ],
)
def test_a_tree_is_the_one_of_the_text_itself_whatever_was_parsed_before(text: bytes) -> None:
    grammar = load("python")
    bounded_tree(grammar, b"class Before:\n    def method(self): return 'long enough to show'\n" * 20)
    tree = bounded_tree(grammar, text)
    expected = Parser(grammar.language).parse(text).root_node
    assert tree is not None
    root = tree.root_node
    assert (root.end_byte, root.descendant_count, root.has_error) == (
        expected.end_byte,
        expected.descendant_count,
        expected.has_error,
    )
