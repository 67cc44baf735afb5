"""The table of the programme says what ran: no more than that, and no failure is lost."""

from pathlib import Path

import pytest

from tests.programme.areas import AREAS, Area
from tests.programme.report import read_report, table

AREA = Area("Frames", 100, "frames", "answered")
REPORT = """<testsuites><testsuite>
<testcase name="test_one" time="1.5"><properties>
  <property name="area" value="framing"/><property name="volume" value="60"/></properties></testcase>
<testcase name="test_two" time="0.5"><properties>
  <property name="area" value="framing"/><property name="volume" value="40"/></properties>{outcome}</testcase>
<testcase name="test_beside" time="9"><properties/></testcase>
</testsuite></testsuites>"""


def told(tmp_path: Path, outcome: str) -> str:
    """Return the row of an area of which one of two tests came out so."""
    report = tmp_path / "report.xml"
    report.write_text(REPORT.format(outcome=outcome))
    return table({"framing": AREA}, read_report(report)).partition("\n")[2]


@pytest.mark.req("SAFE-6")
def test_an_area_is_passed_when_all_of_its_volume_ran(tmp_path: Path) -> None:
    assert told(tmp_path, "").split()[:6] == ["Frames", "100", "100", "passed", "2", "2"]


@pytest.mark.req("SAFE-6")
@pytest.mark.parametrize("outcome", ["<failure/>", "<error/>", "<skipped/>"])
def test_a_test_that_did_not_pass_fails_its_area_and_is_named(tmp_path: Path, outcome: str) -> None:
    row = told(tmp_path, outcome)
    assert row.split()[:4] == ["Frames", "100", "60", "FAILED"]
    assert row.splitlines()[1].strip() == "test_two"


@pytest.mark.req("SAFE-6")
def test_an_area_of_which_too_little_ran_is_not_shown(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT.format(outcome=""))
    shown = read_report(report)
    assert shown["framing"].verdict(Area("", 101, "", "")) == "not shown"
    assert "not shown" in table({"audit": AREAS["audit"]}, shown)
