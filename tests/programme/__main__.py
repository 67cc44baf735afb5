"""Run the programme, or the areas named, and print what was shown."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.programme.areas import AREAS
from tests.programme.report import read_report, table
from tests.programme.volume import WHOLE

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Return 0 if all that was asked for is shown, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.programme", description=__doc__)
    parser.add_argument("areas", nargs="*", metavar="area", help=f"one of: {', '.join(AREAS)}")
    parser.add_argument("--small", action="store_true", help="the volumes of the ordinary suite")
    asked = parser.parse_args()
    if unknown := set(asked.areas) - set(AREAS):
        parser.error(f"there is no area {', '.join(sorted(unknown))}")
    areas = {name: area for name, area in AREAS.items() if name in asked.areas or not asked.areas}
    with tempfile.TemporaryDirectory(prefix="codelab-programme-") as folder:
        report = Path(folder, "report.xml")
        run_tests(tuple(areas), report, small=asked.small)
        shown = read_report(report)
    sys.stdout.write(f"\nuser {os.getuid()}, {sys.platform}\n" + table(areas, shown))
    return int(any(shown.get(name) is None or shown[name].verdict(AREAS[name]) != "passed" for name in areas))


def run_tests(areas: tuple[str, ...], report: Path, *, small: bool) -> None:
    """Run the tests of some areas, two at a time, with pytest's report in a file."""
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"),
        *("-m", "programme", "--programme", ",".join(areas)),
        *("--junit-xml", str(report), "-o", "junit_family=xunit1"),
    ]
    environment = {name: value for name, value in os.environ.items() if name != WHOLE}
    subprocess.run(command, cwd=ROOT, env=environment if small else {**environment, WHOLE: "1"}, check=False)


if __name__ == "__main__":
    sys.exit(main())
