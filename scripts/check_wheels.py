"""Check that each locked base dependency has a wheel for every platform that CodeLab means to run on.

    .venv/bin/python scripts/check_wheels.py [--write]

uv resolves the lock file once for each platform and Python, allowed to use wheels only. ``--write`` puts
the table into docs/platforms.md. The exit status is 1 if a wheel is missing.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "base.txt"
PAGE = ROOT / "docs" / "platforms.md"
BEGIN, END = "<!-- wheels: made by scripts/check_wheels.py -->", "<!-- end of wheels -->"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = {
    "Linux x86-64, glibc 2.28 or later": "x86_64-manylinux_2_28",
    "Linux 64-bit Arm, glibc 2.28 or later": "aarch64-manylinux_2_28",
    "macOS on Apple silicon": "aarch64-apple-darwin",
    "macOS on Intel": "x86_64-apple-darwin",
    "Windows x86-64": "x86_64-pc-windows-msvc",
}


def main() -> int:
    """Print the table; return 1 if a wheel is missing anywhere."""
    rows, complete = [], True
    for name, platform in PLATFORMS.items():
        cells = []
        for python in PYTHONS:
            missing = without_wheel(platform, python)
            complete = complete and not missing
            cells.append("all but " + ", ".join(missing) if missing else "all")
        rows.append(f"| {name} | {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    if "--write" in sys.argv[1:]:
        heads = " | ".join(f"Python {python}" for python in PYTHONS)
        table = "\n".join([f"| | {heads} |", "|---" * (len(PYTHONS) + 1) + "|", *rows])
        text = PAGE.read_text()
        PAGE.write_text(f"{text[: text.index(BEGIN)]}{BEGIN}\n{table}\n{text[text.index(END) :]}")
    return 0 if complete else 1


def without_wheel(platform: str, python: str) -> list[str]:
    """Return the locked packages that have no wheel for a platform (uv's name for it) and Python."""
    missing: list[str] = []
    lines = [line for line in LOCK.read_text().splitlines() if not line.startswith("#")]
    while True:
        with tempfile.TemporaryDirectory() as folder:
            wanted = Path(folder) / "wanted.txt"
            wanted.write_text("\n".join(without(lines, missing)))
            command = [
                *(sys.executable, "-m", "uv", "pip", "compile", "--no-config", "--no-python-downloads"),
                *("--quiet", "--no-deps", "--only-binary", ":all:", "--generate-hashes"),
                *("--python-platform", platform, "--python-version", python, str(wanted)),
            ]
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return missing
        found = re.search(r"Because ([\w.-]+)(?:\{[^}]*\})?==\S+ has no", answer.stderr)
        if not found or found[1] in missing:
            raise SystemExit(answer.stderr)
        missing.append(found[1])


def without(lines: list[str], names: list[str]) -> list[str]:
    """Return the lines of a lock file without some packages and their hashes."""
    kept, keep = [], True
    for line in lines:
        if not line.startswith(" "):
            keep = line.split("==")[0] not in names
        if keep:
            kept.append(line)
    return kept


if __name__ == "__main__":
    sys.exit(main())
