"""Write the lock files: every dependency with one version and the hashes of all its files.

    .venv/bin/python scripts/lock.py [--upgrade]

One resolution holds for Python 3.11 to 3.14 on every platform. The others take their versions from ``base``,
so that any of them can be installed over another.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
HEADER = "# Made by scripts/lock.py; do not edit.\n"
BUILD_TOOLS = ("editables>=0.5", "uv>=0.9")  # and what [build-system] asks for


def main() -> int:
    """Resolve all lock files; return 0 if every one could be resolved."""
    upgrade = ["--upgrade"] if "--upgrade" in sys.argv[1:] else []
    base = LOCKS / "base.txt"
    compile_lock(base, ["pyproject.toml"], upgrade)
    compile_lock(LOCKS / "dev.txt", ["pyproject.toml", "--extra", "dev", "-c", str(base)], upgrade)
    for extra in ("local", "onnx"):
        compile_lock(LOCKS / f"{extra}.txt", ["pyproject.toml", "--extra", extra, "-c", str(base)], upgrade)
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "build.in"
        wanted.write_text("\n".join([*build_requirements(), *BUILD_TOOLS]) + "\n")
        compile_lock(LOCKS / "build.txt", [str(wanted), "-c", str(LOCKS / "dev.txt")], upgrade)
    return 0


def build_requirements() -> list[str]:
    """Return what pyproject.toml needs to build the project."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        requires: list[str] = tomllib.load(file)["build-system"]["requires"]
    return requires


def compile_lock(lock: Path, arguments: list[str], upgrade: list[str]) -> None:
    """Resolve one lock file; versions that it names already are kept unless upgrading."""
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-config", "--universal"),
        *("--generate-hashes", "--python-version", "3.11", "--no-header", "--no-annotate"),
        *("--output-file", str(lock), *upgrade, *arguments),
    ]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    text = lock.read_text().removeprefix(HEADER)
    if "://" in text or "file:" in text:
        raise SystemExit(f"{lock.name} names an address; only versions and hashes belong in it.")
    lock.write_text(HEADER + text)
    packages = [line for line in text.splitlines() if line[:1].isalnum()]
    print(f"{lock.name}: {len(packages)} packages")


if __name__ == "__main__":
    sys.exit(main())
