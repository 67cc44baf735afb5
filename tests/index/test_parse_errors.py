"""What parsing does with source that is broken, hostile or both."""

import subprocess
import sys

import pytest

from codelab.index.parsing.bounded import bounded_captures, bounded_tree, most_open
from codelab.index.parsing.parse import parse
from codelab_grammars import LANGUAGES, Language, load
from tests.index.test_parse import check_covers

pytestmark = pytest.mark.slow

N = 10_000


@pytest.mark.req("INDEX-2", "INDEX-3")
@pytest.mark.parametrize(
    ("path", "source", "healthy"),
    [
        (
            "a.py",
            "def one():\n    return 1\n\ndef broken(:\n    x = = 2\n\ndef two():\n    return 2\n",
            {"one", "two"},
        ),
        (
            "a.py",
            "<<<<<<< ours\nclass A:\n    def a(self): pass\n=======\n>>>>>>> theirs\ndef b(): pass\n",
            {"A.a", "b"},
        ),
        ("a.js", "function one() {}\nconst = {{;\nfunction two() {}\n", {"one", "two"}),
        ("a.ts", "interface A { x: number }\nclass { ( }\nfunction two(): void {}\n", {"A", "two"}),
        ("a.go", "package a\nfunc One() {}\nfunc ( {\nfunc Two() {}\n", {"One", "Two"}),
        ("a.rs", "fn one() {}\nfn (((\nfn two() {}\n", {"one"}),
        ("a.java", "class A { void one() {} void ( { } void two() {} }\n", {"A.one"}),
        ("a.c", "int one(void) { return 1; }\nint @@@ ;\nint two(void) { return 2; }\n", {"one", "two"}),
        (
            "a.cpp",
            "struct A { int one() { return 1; } };\nMACRO(x y z\nint two() { return 2; }\n",
            {"A", "A.one"},
        ),
    ],
)
def test_an_error_does_not_lose_the_healthy_definitions_around_it(
    path: str, source: str, healthy: set[str]
) -> None:
    parsed = parse(path, source.encode())
    assert parsed.errors > 0
    assert healthy <= {symbol.qualified for symbol in parsed.symbols}
    check_covers(source.encode(), parsed)


@pytest.mark.req("INDEX-2")
def test_a_long_stretch_that_the_grammar_cannot_read_becomes_windows() -> None:
    prose = "".join(f"This is {n} not a program but prose; with a (bracket.\n" for n in range(200))
    data = f"def healthy():\n    return 1\n\n\n{prose}".encode()
    parsed = parse("a.py", data)
    check_covers(data, parsed)
    assert parsed.errors > 0
    assert "window" in {chunk.kind for chunk in parsed.chunks}
    assert max(chunk.end_byte - chunk.start_byte for chunk in parsed.chunks) < 2600


@pytest.mark.req("INDEX-2")
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
@pytest.mark.parametrize(
    "data",
    [b"[" * N, b"{" * N + b"}" * N, b"a.b()" * 3000, b"class A { " * 2000, b"![" * N, b"'" * N],
    ids=["open", "nested", "chain", "classes", "tokens", "quotes"],
)
def test_deep_nesting_and_endless_errors_end(language: Language, data: bytes) -> None:
    check_covers(data, parse("x" + language.endings[0], data))


@pytest.mark.req("INDEX-2")
def test_work_without_end_is_cut_short_and_the_file_still_has_windows() -> None:
    # Unbounded, the grammar of Python takes half a minute for these ten kilobytes.
    data = b"a" * 2000 + b"\n" + b"|-" * 4000 + b"\n"
    assert bounded_tree(load("python"), data) is None
    parsed = parse("a.py", data)
    check_covers(data, parsed)
    assert parsed.errors == 1
    assert bounded_tree(load("python"), b"a = 1\n" * 3000) is not None


@pytest.mark.req("INDEX-2")
def test_yaml_nested_deeper_than_its_scanner_can_hold_is_left_to_windows() -> None:
    data = "".join(" " * (2 * n) + "- a:\n" for n in range(400)).encode()
    parsed = parse("a.yaml", data)
    check_covers(data, parsed)
    assert {chunk.kind for chunk in parsed.chunks} == {"window"}
    healthy = "".join(" " * (2 * n) + "a:\n" for n in range(40)).encode()
    assert parse("a.yaml", healthy).errors == 0


@pytest.mark.req("INDEX-2")
@pytest.mark.parametrize("path", ["a.dart", "a.lua"])
def test_brackets_nested_deeper_than_any_source_are_left_to_windows(path: str) -> None:
    # Without the guard these take minutes: the work grows with the square of the depth.
    data = b"({[" * 20_000
    parsed = parse(path, data)
    check_covers(data, parsed)
    assert {chunk.kind for chunk in parsed.chunks} == {"window"}
    assert most_open(b"f(a[{1: 2}])" * 1000) == 3


@pytest.mark.req("INDEX-2")
def test_ten_thousand_nested_definitions_do_not_make_endless_names() -> None:
    data = b"".join(b" " * n + b"class A:\n" for n in range(300))
    parsed = parse("a.py", data)
    assert max(len(symbol.qualified) for symbol in parsed.symbols) < 200
    check_covers(data, parsed)


@pytest.mark.req("INDEX-3")
def test_without_recovery_the_definitions_after_an_error_would_be_lost() -> None:
    data = b"def broken(:\n    x = = 2\n\ndef two():\n    return 2\n"
    grammar = load("python")
    tree = bounded_tree(grammar, data)
    assert tree is not None
    names = (bounded_captures(grammar, tree) or {})["name"]
    assert b"two" not in [data[node.start_byte : node.end_byte] for node in names]
    assert "two" in [symbol.name for symbol in parse("a.py", data).symbols]


@pytest.mark.req("INDEX-2")
def test_without_its_guard_deep_yaml_would_end_the_process() -> None:
    script = (
        "from tree_sitter import Parser; from codelab_grammars import load\n"
        "data = ''.join(' ' * (2 * n) + '- a:\\n' for n in range(1000)).encode()\n"
        "Parser(load('yaml').language).parse(data)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode != 0
