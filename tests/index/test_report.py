"""The report on the index."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from codelab.cli.index_answers import report_lines
from codelab.config.places import Places
from codelab.config.settings import Settings
from codelab.index.embedding.background import embed_worktree
from codelab.index.files.repository import find_repository, index_folder
from codelab.index.knowledge.code_graph import CodeGraph
from codelab.index.knowledge.near_duplicates import LookAlikes, look_alikes, near_duplicates
from codelab.index.knowledge.report import Report, make_report
from codelab.index.knowledge.report_picture import picture
from codelab.index.reader import IndexReader
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
    assert report.read_in_part == ()
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


SEND = """
    def send_parts(self, parts, connection, retries=3):
        failures = 0
        for number, part in enumerate(parts):
            checksum = self.checksum_of(part)
            while not connection.send(number, part, checksum):
                failures += 1
                if failures > retries:
                    raise UploadFailed(number, failures)
                self.wait_before_retry(failures)
            self.progress.advance(len(part))
        connection.finish(len(parts))
        return failures
"""
OTHER = """
    def read_rows(self, path, delimiter=","):
        with open(path, newline="") as source:
            header = next(source).strip().split(delimiter)
            for line in source:
                cells = line.strip().split(delimiter)
                if len(cells) != len(header):
                    raise BadRow(path, line)
                yield dict(zip(header, cells))
            self.rows_read += 1
            self.log.debug("closed the table")
"""


def compared(root: Path, places: Places, index: Index, **files: str) -> LookAlikes:
    """Index some methods, each in a file of its own, with the vectors of the bundled embedder."""
    for name, method in files.items():
        path = root / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"class Of{path.stem.title()}:\n{method}")
    index()
    embed_worktree(root, index_folder(places, find_repository(root)), places, Settings())
    reader = IndexReader.open(root, places)
    found = reader.examine(lambda connection, worktree, _: look_alikes(connection, worktree))
    reader.close()
    assert found is not None
    return found


def test_definitions_that_are_nearly_equal_are_told_and_those_that_are_not_are_not(
    root: Path, places: Places, index: Index, reader: IndexReader
) -> None:
    changed = SEND.replace("retries=3", "retries=5").replace("failures = 0", "failures = 0  # so far")
    (root / "vendor").mkdir()
    files = {"one": SEND, "two": changed, "three": changed.replace("so far", "yet"), "other": OTHER}
    compared(root, places, index, **files, **{"vendor/copied": SEND})
    report = make_report(CodeGraph(reader))
    assert (report.compared, report.all_compared) == (4, True)
    pairs = [(one.first.path, one.second.path) for one in report.near_duplicates]
    assert len(pairs) == 2, "as many as tie the three together"
    assert {path for pair in pairs for path in pair} == {"one.py", "two.py", "three.py"}
    first = report.near_duplicates[0]
    assert (first.first.start_line, first.first.symbol) == (1, f"Of{first.first.path[:-3].title()}")
    assert 0.9 <= first.alike <= 1
    assert "nearly equal definitions" in picture(report)
    assert json.loads(json.dumps(report.as_data()))["near_duplicates"][0]["first"]["path"] == first.first.path


def test_comparing_definitions_ends_when_its_time_is_up(root: Path, places: Places, index: Index) -> None:
    alike = compared(root, places, index, one=SEND, two=SEND.replace("retries=3", "retries=5"))
    assert near_duplicates(alike, lambda path: (root / path).read_bytes(), seconds=-1.0) == ([], False)
    pairs, complete = near_duplicates(alike, lambda path: (root / path).read_bytes())
    assert (len(pairs), complete) == (1, True), "the control"


def test_without_vectors_no_definitions_are_compared(report: Report) -> None:
    assert (report.compared, report.near_duplicates) == (0, ())
    assert "nearly equal definitions: not looked for, since there are no vectors" in report_lines(report)


def test_the_picture_is_sound_and_tells_the_figures(report: Report) -> None:
    texts = [node.text for node in ET.fromstring(picture(report)).iter() if node.tag.endswith("text")]
    assert f"{report.lines:,}" in texts and "python" in texts and "broken imports" in texts


def test_without_an_index_the_report_says_so(reader: IndexReader) -> None:
    empty = make_report(CodeGraph(reader))
    assert (empty.status.state, empty.lines, empty.searches) == ("missing", 0, 0)
    ET.fromstring(picture(empty))


def test_templates_and_style_sheets_that_a_grammar_reads_in_part_are_no_syntax_errors(
    root: Path, index: Index, reader: IndexReader
) -> None:
    write(root, "== page.html\n<p {% if a %}class=b<{% endif %}>{{ x }}</p>\n== a.css\na { *zoom: 1; } }}\n")
    write(root, '== chart.json\n{"name": {{ name }}}\n== wrong.json\n{"name": }\n== wrong.py\ndef f(:\n')
    index()
    told = make_report(CodeGraph(reader))
    assert {one.path for one in told.syntax_errors} == {"wrong.json", "wrong.py"}, (
        "code and data stay what they are"
    )
    assert {one.path for one in told.read_in_part} == {"page.html", "a.css", "chart.json"}
    assert any("templates, markup and styles read in part: 3" in line for line in report_lines(told))
