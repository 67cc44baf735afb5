"""The report on the index."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from codelab.index.code_graph import CodeGraph
from codelab.index.reader import IndexReader
from codelab.index.report import Report, make_report
from codelab.index.report_picture import picture
from tests.index.conftest import Index
from tests.index.helpers import write

pytestmark = pytest.mark.req("INDEX-6")

FILES = """
    == shop/__init__.py
    == shop/pay.py
    from . import cart
    from .gone import a
    import shop.missing
    import os, requests

    try:
        from .speed import fast
    except ImportError:
        fast = None
    == shop/cart.py
    from .native import add
    from .pay import fast

    def total(lines):
        return add(lines)
    == shop/native.c
    int add(void) { return 1; }
    == vendor/x.py
    from .nothing import a
    == web/app.ts
    import { a } from "./gone";
    import logo from "./logo.png";
    == bad.py
    def broken(:
        pass
    == requirements.txt
    requests>=2
    == one.txt
    1
    2
    3
    4
    5
    == two.txt
    1
    2
    3
    4
    5
    """


@pytest.fixture
def report(root: Path, index: Index, reader: IndexReader) -> Report:
    write(root, FILES)
    (root / "web/logo.png").write_bytes(b"\x89PNG")
    (root / "shop/native.so").write_bytes(b"\x7fELF\0")
    (root / ".git").mkdir()
    (root / ".git/HEAD").write_text("ref: refs/heads/feature/pay\n")
    index()
    return make_report(CodeGraph(reader))


def test_imports_that_lead_nowhere_are_told_and_only_those(report: Report) -> None:
    assert [(one.path, one.line, one.module) for one in report.broken_imports] == [
        ("shop/pay.py", 2, ".gone"),
        ("shop/pay.py", 3, "shop.missing"),
        ("web/app.ts", 1, "./gone"),
    ]
    assert 0 < report.imports_resolved < report.imports


def test_coverage_errors_equal_files_and_speed_are_told(report: Report) -> None:
    covered = {one.language: (one.files, one.lines) for one in report.languages}
    assert covered[""] == (3, 11) and covered["c"] == (1, 1)
    assert report.lines == sum(lines for _, lines in covered.values())
    assert [one.path for one in report.syntax_errors] == ["bad.py"]
    assert report.duplicates == (("one.txt", "two.txt"),)
    assert (report.contents, report.reused) == (9, 0)
    assert report.searches > 0 and 0 < report.search_p50_ms <= report.search_p95_ms
    assert report.branch == "feature/pay"
    assert report.seconds_since_sweep is not None and report.seconds_since_sweep >= 0
    assert json.loads(json.dumps(report.as_data()))["contents"] == 9


@pytest.mark.req("INDEX-8")
def test_packages_that_manifests_ask_for_are_told(report: Report) -> None:
    assert [(one.path, one.ecosystem, one.name, one.constraint, one.line) for one in report.dependencies] == [
        ("requirements.txt", "pypi", "requests", ">=2", 1)
    ]
    assert report.commits == ()  # the repository has none


def test_the_picture_is_sound_and_tells_the_figures(report: Report) -> None:
    texts = [node.text for node in ET.fromstring(picture(report)).iter() if node.tag.endswith("text")]
    assert f"{report.lines:,}" in texts and "python" in texts and "broken imports" in texts


def test_without_an_index_the_report_says_so(reader: IndexReader) -> None:
    empty = make_report(CodeGraph(reader))
    assert (empty.status.state, empty.lines, empty.searches) == ("missing", 0, 0)
    ET.fromstring(picture(empty))
