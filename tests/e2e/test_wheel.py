"""The wheel: it holds everything, and works where only it and its dependencies are installed."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.support.network import guard_variables
from tests.support.source_tree import PACKAGES, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.req("CARD-8", "MODEL-5")]


def build_wheel(folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def install_elsewhere(wheel: Path, folder: Path) -> Path:
    """Install a wheel into an environment of its own; return the folder of its commands.

    The dependencies are those of this environment, reached through a path file. Python does not read the
    path files found behind one, so this environment's editable CodeLab stays out of reach.
    """
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", str(folder)], check=True)
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    python = commands / ("python.exe" if os.name == "nt" else "python")
    paths = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    (Path(paths.stdout.strip()) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"),
            *("--no-index", "--no-deps", "--ignore-installed", str(wheel)),
        ],
        check=True,
    )
    return commands


def run(command: list[str], cwd: Path) -> str:
    answer = subprocess.run(
        command, cwd=cwd, env={**os.environ, **guard_variables()}, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(build_wheel(tmp_path)) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    tops = {f"{top}/{package}/": f"{package}/" for package, top in PACKAGES.items()}
    wanted = {
        package + path.removeprefix(source)
        for path in tracked
        for source, package in tops.items()
        if path.startswith(source) and (ROOT / path).is_file()
    }
    assert packed == wanted
    assert {Path(name).suffix for name in packed} >= {".py", ".scm", ".md", ".sql", ".typed"}


def test_the_wheel_installed_elsewhere_indexes_searches_and_answers_without_a_network(tmp_path: Path) -> None:
    commands = install_elsewhere(build_wheel(tmp_path / "dist"), tmp_path / "venv")
    project = tmp_path / "shop"
    project.mkdir()
    (project / "basket.py").write_text(
        'def total_price(items):\n    """Add up the basket."""\n    return sum(i.price for i in items)\n'
    )
    where = run(
        [str(commands / "python"), "-c", "import codelab, codelab_grammars; print(codelab.__file__)"],
        tmp_path,
    )
    assert Path(where.strip()).is_relative_to(tmp_path / "venv")

    codelab = str(commands / "codelab")
    report = json.loads(run([codelab, "index", "--root", str(project), "--json"], tmp_path))
    assert report["files"] == 1
    hits = json.loads(run([codelab, "search", "--root", str(project), "--json", "basket total"], tmp_path))
    assert hits[0]["path"] == "basket.py"
    answer = json.loads(
        run(
            [codelab, "ask", "--root", str(project), "--json", "where is the basket total added up?"],
            tmp_path,
        )
    )
    assert answer["sources"][0]["path"] == "basket.py"
