import pickle

import pytest

from codelab.index.parsing.parse import Chunk, Import, Parsed, parse
from codelab.index.parsing.windows import MAX_LINES


def check_covers(data: bytes, parsed: Parsed) -> None:
    """Every line that is not blank is in a chunk; chunks are in order and agree with their bytes."""
    rows = data.splitlines(keepends=True)
    covered: set[int] = set()
    before = (0, 0)
    for chunk in parsed.chunks:
        assert 1 <= chunk.start_line <= chunk.end_line <= len(rows)
        assert 0 <= chunk.start_byte < chunk.end_byte <= len(data)
        assert before <= (chunk.start_byte, chunk.end_byte)
        before = (chunk.start_byte, chunk.end_byte)
        first = sum(map(len, rows[: chunk.start_line - 1]))
        assert first <= chunk.start_byte < first + len(rows[chunk.start_line - 1])
        assert chunk.end_byte <= sum(map(len, rows[: chunk.end_line]))
        covered.update(range(chunk.start_line, chunk.end_line + 1))
    assert not [row for row, line in enumerate(rows, 1) if line.strip() and row not in covered]


def chunk_at(parsed: Parsed, line: int) -> Chunk:
    return next(chunk for chunk in parsed.chunks if chunk.start_line <= line <= chunk.end_line)


def lines_of(count: int, text: str = "    total = total + {}") -> str:
    return "\n".join(text.format(number) for number in range(count)) + "\n"


@pytest.mark.req("INDEX-2")
def test_a_function_is_one_chunk_with_its_decorators_and_comments() -> None:
    source = (
        "import os\nimport sys\nimport json\nimport time\nimport re\n\n"
        "# Says why.\n@cached\n@traced(\n    level=2,\n)\ndef work(total):\n"
        + lines_of(8)
        + "    return total\n"
    )
    parsed = parse("a.py", source.encode())
    assert [(c.start_line, c.end_line, c.symbol, c.kind) for c in parsed.chunks] == [
        (1, 5, "", "module"),
        (7, 21, "work", "function"),
    ]


@pytest.mark.req("INDEX-2", "INDEX-3")
def test_methods_are_chunks_of_their_own_and_the_header_stays_with_the_class() -> None:
    source = "class Client(Base):\n" + lines_of(6, "    field_{} = 1") + "\n"
    source += "\n".join(f"    def method_{n}(self):\n" + lines_of(7, "        call({})") for n in range(3))
    parsed = parse("a.py", source.encode())
    assert [(c.symbol, c.kind) for c in parsed.chunks] == [
        ("Client", "class"),
        ("Client.method_0", "method"),
        ("Client.method_1", "method"),
        ("Client.method_2", "method"),
    ]


@pytest.mark.req("INDEX-2")
def test_small_neighbours_are_joined_but_not_across_a_class() -> None:
    source = "\n\n".join(f"def small_{n}():\n    return {n}" for n in range(4))
    source += "\n\n\nclass Big:\n" + "\n".join(
        f"    def method_{n}(self):\n" + lines_of(9, "        call({})") for n in range(3)
    )
    parsed = parse("a.py", source.encode())
    assert parsed.chunks[0].start_line == 1
    assert chunk_at(parsed, 10) == parsed.chunks[0]
    assert parsed.chunks[1].symbol.startswith("Big")


@pytest.mark.req("INDEX-2")
def test_a_long_function_is_cut_where_statements_begin() -> None:
    body = "".join(
        f"    if total > {n}:\n        total -= {n}\n        report(\n            total,\n        )\n"
        for n in range(50)
    )
    data = f"def long(total):\n{body}    return total\n".encode()
    parsed = parse("a.py", data)
    check_covers(data, parsed)
    assert len(parsed.chunks) >= 4
    rows = data.splitlines()
    for chunk in parsed.chunks:
        assert (chunk.symbol, chunk.kind) == ("long", "function")
        assert chunk.end_line - chunk.start_line < MAX_LINES
        assert rows[chunk.start_line - 1].startswith((b"def", b"    if", b"    return"))


@pytest.mark.req("INDEX-2")
def test_text_without_a_grammar_becomes_overlapping_windows() -> None:
    data = "".join(f"Line {n} of a text about nothing in particular.\n" for n in range(300)).encode()
    parsed = parse("notes.txt", data)
    check_covers(data, parsed)
    assert parsed.language is None
    assert {chunk.kind for chunk in parsed.chunks} == {"window"}
    for one, following in zip(parsed.chunks, parsed.chunks[1:], strict=False):
        overlap = one.end_byte - following.start_byte
        assert 100 < overlap < 400
        assert one.end_byte - one.start_byte < 2200


@pytest.mark.req("INDEX-2")
def test_a_single_line_of_ten_megabytes_is_cut_inside() -> None:
    data = ("é" * 5_000_000).encode()
    parsed = parse("big.txt", data)
    assert parsed.chunks[0].start_byte == 0
    assert parsed.chunks[-1].end_byte == len(data)
    assert all(chunk.start_line == chunk.end_line == 1 for chunk in parsed.chunks)
    for chunk in parsed.chunks[:3]:
        data[chunk.start_byte : chunk.end_byte].decode()


@pytest.mark.req("INDEX-2", "INDEX-8")
def test_a_minified_file_keeps_its_symbols_and_is_cut_into_windows() -> None:
    data = b"".join(b"function f%d(a){return g%d(a)};" % (n, n) for n in range(400))
    parsed = parse("app.min.js", data)
    check_covers(data, parsed)
    assert len(parsed.symbols) == 400
    assert {chunk.kind for chunk in parsed.chunks} == {"window"}
    assert max(chunk.end_byte - chunk.start_byte for chunk in parsed.chunks) < 2200


@pytest.mark.req("INDEX-8")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_count_them(end: str) -> None:
    source = ["import os", "", "def first():", "    return 1", "", "\f", "def second():", "    return 'ä'"]
    parsed = parse("a.py", end.join(source).encode())
    assert [(one.name, one.start_line, one.end_line) for one in parsed.symbols if end != "\r"] == [
        ("first", 3, 4),
        ("second", 7, 8),
    ][: 0 if end == "\r" else 2]
    assert parsed.chunks[-1].end_line == 8


@pytest.mark.req("INDEX-3")
@pytest.mark.parametrize(
    ("path", "source", "qualified"),
    [
        (
            "a.py",
            "class UploadClient:\n  def _send_with_retry(self): pass\n",
            "UploadClient._send_with_retry",
        ),
        ("a.py", "def outer():\n  def inner(): pass\n", "outer.inner"),
        ("a.go", "package a\nfunc (s *Server[T]) Run() {}\n", "Server.Run"),
        ("a.rs", "impl<T> fmt::Display for Shape<T> { fn fmt(&self) {} }\n", "Shape.fmt"),
        ("a.cpp", "void ns::Shape<int>::draw() {}\n", "ns.Shape.draw"),
        ("a.js", "Foo.prototype.bar = function () {};\n", "Foo.bar"),
        ("a.js", "module.exports = function make() {};\n", "make"),
        ("a.ts", "namespace A.B { export function c() {} }\n", "A.B.c"),
        ("a.java", "class A { enum B { C; void d() {} } }\n", "A.B.d"),
        ("a.c", "typedef struct node { int value; } node_t;\n", "node.value"),
        ("a.md", "# One\n\n## Two\n", "One.Two"),
    ],
)
def test_a_qualified_name_has_its_containers(path: str, source: str, qualified: str) -> None:
    assert qualified in [symbol.qualified for symbol in parse(path, source.encode()).symbols]


@pytest.mark.req("INDEX-3")
def test_the_only_member_of_a_class_keeps_its_signature() -> None:
    symbols = parse("a.py", b"class A(B):\n    def f(self): pass\n").symbols
    assert [symbol.signature for symbol in symbols] == ["class A(B)", "def f(self)"]


@pytest.mark.req("INDEX-3")
def test_imports_keep_the_names_they_have_where_they_come_from() -> None:
    source = b"import os.path, sys as s\nfrom ..a import (b as c,\n  d)\nfrom e import *\n"
    assert parse("a.py", source).imports == (
        Import("os.path", (), 1),
        Import("sys", (), 1),
        Import("..a", ("b", "d"), 2),
        Import("e", ("*",), 4),
    )


@pytest.mark.req("INDEX-3")
def test_a_call_with_a_string_is_an_import_only_when_it_is_require() -> None:
    source = b"const a = translate('x');\nconst { b } = require('y');\n"
    assert parse("a.js", source).imports == (Import("y", ("b",), 2),)


@pytest.mark.req("INDEX-3")
def test_a_require_is_an_import_wherever_it_stands() -> None:
    source = (
        b"require('./setup');\nmodule.exports = require('./lib');\nconst { a: b } = require('x');\n"
        b"var debug = require('debug')('app');\nconst join = require('path').join;\nuse(require('y'));\n"
    )
    assert parse("a.js", source).imports == (
        Import("./setup", (), 1),
        Import("./lib", (), 2),
        Import("x", ("a",), 3),
        Import("debug", (), 4),
        Import("path", (), 5),
        Import("y", (), 6),
    )


@pytest.mark.req("INDEX-3")
@pytest.mark.parametrize(
    ("path", "source", "imports"),
    [
        ("a.rb", "puts 'x'\nrequire 'net/http'\ndescribe 'y' do\n  require 'z'\nend\n", {"net/http", "z"}),
        ("a.sh", "echo a\n. \"$(dirname \"$0\")/lib.sh\"\nsource b\n", {'$(dirname "$0")/lib.sh', "b"}),
        ("a.lua", "print('x')\nlocal a = require('a.b')\n", {"a.b"}),
        ("a.scala", "import a.b.{C, D => E, _}\n", {"a.b C D *"}),
        ("a.kt", "import a.b.C as D\nimport a.d.*\n", {"a.b C", "a.d *"}),
        ("a.php", "<?php\nuse A\\B\\C as D, E\\F;\nuse G\\{H, I};\n", {"A\\B C", "E F", "G H I"}),
        ("a.cs", "using A.B;\nusing C = D.E;\nusing static F.G;\n", {"A.B", "D.E", "F.G"}),
        ("a.swift", "import A\nimport class B.C\n", {"A", "B.C"}),
        ("a.dart", "import 'a.dart' show b, c hide d;\nexport 'e.dart';\n", {"a.dart b c", "e.dart"}),
        ("a.css", "@import url(a.css);\n@import 'b.css';\n", {"a.css", "b.css"}),
        ("a.html", "<img src='x'><link rel='x' href='a'><script src='b.js'></script>", {"a", "b.js"}),
        ("a.rst", ".. note:: x\n\n.. include:: a.txt\n", {"a.txt"}),
    ],
)  # fmt: skip
def test_imports_of_other_languages(path: str, source: str, imports: set[str]) -> None:
    found = {" ".join((one.module, *one.names)) for one in parse(path, source.encode()).imports}
    assert found == imports


@pytest.mark.req("INDEX-2", "INDEX-8")
def test_the_rules_of_a_minified_style_sheet_are_no_definitions() -> None:
    rules = [f".a{number}{{color:red}}" for number in range(300)]
    assert len(parse("a.css", "\n".join(rules).encode()).symbols) == 300
    data = "".join(rules).encode()
    assert parse("a.min.css", data).symbols == ()
    check_covers(data, parse("a.min.css", data))


@pytest.mark.req("INDEX-2", "INDEX-8")
def test_elements_are_definitions_by_what_names_them() -> None:
    rows = "".join(f'<row name="r{number}"/>\n' for number in range(500))
    assert parse("a.xml", f"<table>\n{rows}</table>\n".encode()).symbols == ()
    source = "<a>\n<b/>\n<c id='x'/>\n<d>\n<e/>\n<e/>\n</d>\n<f>1</f>\n</a>\n"
    assert [one.name for one in parse("a.xml", source.encode()).symbols] == ["x", "d"]
    source = "<h1>One</h1><p name='n'>a</p><h2><b>Two</b></h2><p id='p'>b</p><h1>Three</h1>"
    found = [(one.qualified, one.kind) for one in parse("a.html", source.encode()).symbols]
    assert found == [("One", "section"), ("One.Two", "section"), ("p", "element"), ("Three", "section")]


@pytest.mark.req("INDEX-2", "INDEX-8")
def test_a_long_section_under_a_heading_is_cut_between_its_paragraphs() -> None:
    paragraphs = [f"Paragraph {number}.\n" + "It goes on and on.\n" * 9 for number in range(20)]
    data = ("Title\n=====\n\n" + "\n".join(paragraphs)).encode()
    parsed = parse("a.rst", data)
    check_covers(data, parsed)
    assert {(one.symbol, one.kind) for one in parsed.chunks} == {("Title", "section")}
    rows = data.splitlines()
    assert all(rows[one.start_line - 1].startswith((b"Title", b"Paragraph")) for one in parsed.chunks)


@pytest.mark.req("INDEX-3")
def test_a_definition_is_no_use_of_its_own_name() -> None:
    parsed = parse("a.go", b"package a\ntype Server struct {}\nfunc f(s Server) { g(s) }\n")
    assert [(one.name, one.line, one.kind) for one in parsed.references] == [
        ("Server", 3, "type"),
        ("g", 3, "call"),
    ]


@pytest.mark.req("INDEX-2", "INDEX-3")
def test_what_is_parsed_crosses_processes() -> None:
    parsed = parse("a.py", b"import os\n\ndef f() -> int:\n    return os.getpid()\n")
    assert pickle.loads(pickle.dumps(parsed)) == parsed


@pytest.mark.req("INDEX-2")
@pytest.mark.parametrize("path", ["a.py", "a.md", "a.json", "a.txt"])
@pytest.mark.parametrize("data", [b"", b"\n", b" \r\n\t\n", b"\f"])
def test_an_empty_file_has_no_chunks(path: str, data: bytes) -> None:
    parsed = parse(path, data)
    assert parsed.chunks == ()
    assert parsed.symbols == ()


@pytest.mark.req("INDEX-2")
def test_long_lines_between_short_ones_are_cut_once() -> None:
    data = (lines_of(30) + "\n" + "x" * 4000 + "\n\n" + lines_of(3) + "y" * 2500 + "\n").encode()
    parsed = parse("notes.txt", data)
    check_covers(data, parsed)
    places = [(chunk.start_line, chunk.end_line) for chunk in parsed.chunks]
    assert places == [(1, 30), (32, 32), (32, 32), (32, 32), (34, 36), (37, 37), (37, 37)]


@pytest.mark.req("INDEX-2")
def test_a_function_that_is_assigned_gives_its_chunk_its_name() -> None:
    source = "View.prototype.find = function find(name) {\n" + lines_of(30) + "};\n"
    chunk = chunk_at(parse("view.js", source.encode()), 1)
    assert (chunk.symbol, chunk.kind) == ("View.find", "method")
