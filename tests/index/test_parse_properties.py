"""For any bytes: nothing raised, no line lost, spans in range, chunks in order, the same result twice."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codelab.index.parsing.parse import parse
from codelab_grammars import LANGUAGES
from tests.grammars.regenerate_goldens import fixtures
from tests.index.test_parse import check_covers

LINES = b"\n".join(path.read_bytes() for path in fixtures()).splitlines(keepends=True)
PATHS = st.sampled_from(["x" + language.endings[0] for language in LANGUAGES] + ["x.txt", "x"])
QUICK = settings(max_examples=150)


def check_parse(path: str, data: bytes) -> None:
    parsed = parse(path, data)
    check_covers(data, parsed)
    count = len(data.splitlines())
    for symbol in parsed.symbols:
        assert 1 <= symbol.start_line <= symbol.end_line <= count
        assert symbol.name
        assert symbol.qualified.endswith(symbol.name)
        assert "\n" not in symbol.signature + symbol.doc
    used = [one.line for one in parsed.references] + [one.line for one in parsed.imports]
    assert all(1 <= line <= count for line in used)
    assert parse(path, data) == parsed


@pytest.mark.req("INDEX-2", "INDEX-3")
@QUICK
@given(path=PATHS, data=st.binary(max_size=400).map(lambda data: data.replace(b"\0", b"\n")))
def test_any_bytes_are_parsed(path: str, data: bytes) -> None:
    check_parse(path, data)


@pytest.mark.req("INDEX-2", "INDEX-3")
@QUICK
@given(path=PATHS, lines=st.lists(st.sampled_from(LINES), max_size=150))
def test_lines_of_any_languages_in_any_order_are_parsed(path: str, lines: list[bytes]) -> None:
    check_parse(path, b"".join(lines))


@pytest.mark.req("INDEX-2", "INDEX-3")
@QUICK
@given(
    fixture=st.sampled_from(fixtures()),
    cut=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    put=st.text("(){}[]\"'`<>#/*:;,\\\r\n\f\t é", max_size=12),
)
def test_a_source_with_a_hole_in_it_is_parsed(fixture: Path, cut: tuple[float, float], put: str) -> None:
    data = fixture.read_bytes()
    low, high = sorted(int(part * len(data)) for part in cut)
    check_parse(fixture.name, data[:low] + put.encode() + data[high:])
