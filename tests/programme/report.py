"""What ran, read from pytest's own report, and the table that is printed of it."""

import xml.etree.ElementTree as Xml
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.programme.areas import Area


@dataclass(frozen=True, slots=True)
class Shown:
    """What ran of one area: tries, tests, the names of those that failed, and seconds."""

    volume: int = 0
    tests: int = 0
    failed: tuple[str, ...] = ()
    seconds: float = 0.0

    def verdict(self, area: Area) -> str:
        """Say in two words whether the area is shown; less than its volume never is."""
        if self.failed:
            return "FAILED"
        return "passed" if self.volume >= area.volume else "not shown"


def read_report(path: Path) -> dict[str, Shown]:
    """Add up a JUnit report of tests that recorded their area and their volumes, by area.

    A failed test counts for no volume: nobody knows how far it came.
    """
    shown: dict[str, Shown] = {}
    for case in Xml.parse(path).getroot().iter("testcase"):
        told = [(entry.get("name"), entry.get("value", "")) for entry in case.iter("property")]
        failed = any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))
        volume = 0 if failed else sum(int(value) for name, value in told if name == "volume")
        for area in (value for name, value in told if name == "area"):
            before = shown.get(area, Shown())
            shown[area] = Shown(
                before.volume + volume,
                before.tests + 1,
                (*before.failed, *([case.get("name", "")] if failed else [])),
                before.seconds + float(case.get("time", "0")),
            )
    return shown


def table(areas: Mapping[str, Area], shown: Mapping[str, Shown]) -> str:
    """Return the rows of some areas, one line each, with the failed tests below."""
    lines = [f"{'area':26} {'wanted':>8} {'ran':>8}  {'':9} {'tests':>5} {'s':>6}  what must hold"]
    for name, area in areas.items():
        ran = shown.get(name, Shown())
        lines.append(
            f"{area.title:26} {area.volume:>8,} {ran.volume:>8,}  {ran.verdict(area):9} {ran.tests:>5}"
            f" {ran.seconds:>6.0f}  {area.counted}: {area.passes}"
        )
        lines += [f"{'':46}{test}" for test in ran.failed]
    return "\n".join(lines) + "\n"
