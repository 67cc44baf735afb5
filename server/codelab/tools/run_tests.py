"""run_tests: run the project's tests in the sandbox, with the runner that the project uses."""

import json
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from codelab.core.errors import CodeLabError
from codelab.policy.types import Access, Risk, Touch
from codelab.tools.contract import Arguments, Command, Tool, ToolContext, ToolError
from codelab.workspace.paths import relative
from codelab.workspace.reading import read_bytes

Runner = Literal["", "pytest", "unittest", "npm", "cargo", "go", "make"]

_MOST_BYTES = 1_000_000  # of a manifest
_PYTEST_FILES = ("pytest.ini", ".pytest.ini", "conftest.py", "tests/conftest.py", "test/conftest.py")
_PYTEST_SECTIONS = {"pyproject.toml": "[tool.pytest", "setup.cfg": "[tool:pytest]", "tox.ini": "[pytest]"}
_PYTHONS = (".venv/bin/python", "venv/bin/python")
_PYTEST_PLACES = ("lib/python3*/site-packages/pytest", "lib64/python3*/site-packages/pytest")
_TOTAL = re.compile(r"\b(passed|failed|error|ok|FAILED|OK|tests?)\b", re.I)


class RunTests(Arguments):
    """Arguments of run_tests."""

    targets: tuple[str, ...] = Field(
        (), description="Only these tests: files or names as the runner takes them. Empty: all."
    )
    directory: str = Field(".", description="Folder of the project, relative to the workspace root.")
    runner: Runner = Field("", description="The runner; empty: the one that the project's files ask for.")
    seconds: float | None = Field(None, gt=0, description="Longest time; the person's limit holds besides.")


def find_runner(root: Path, directory: str) -> Runner:
    """Return the test runner that a project uses, as its files tell; nothing is executed for it.

    Args:
        root: The workspace.
        directory: The project's folder, as ``relative`` returns it.

    Returns:
        The runner, or an empty string where nothing tells.
    """
    folder = root / directory
    manifests = {
        name: _text(root, directory, name) for name in (*_PYTEST_SECTIONS, "package.json", "Makefile")
    }
    has_files = any(any((folder / place).glob("test*.py")) for place in (".", "tests", "test"))
    asks: dict[Runner, bool] = {
        "pytest": any((folder / name).is_file() for name in _PYTEST_FILES)
        or any(section in manifests[name] for name, section in _PYTEST_SECTIONS.items()),
        "cargo": (folder / "Cargo.toml").is_file(),
        "go": (folder / "go.mod").is_file(),
        "npm": _has_npm_test(manifests["package.json"]),
        "make": bool(re.search(r"^test\s*:(?!=)", manifests["Makefile"], re.M)),
    }
    otherwise: Runner = ""
    if has_files:
        otherwise = "pytest" if _has_pytest(folder) else "unittest"
    for runner, asked in asks.items():
        if asked:
            return runner
    return otherwise


def _text(root: Path, directory: str, name: str) -> str:
    path = name if directory == "." else f"{directory}/{name}"
    try:
        return read_bytes(root, path, limit=_MOST_BYTES).decode(errors="replace")
    except CodeLabError:
        return ""


def _has_npm_test(text: str) -> bool:
    try:
        script = json.loads(text)["scripts"]["test"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(script, str) and "no test specified" not in script


def _has_pytest(folder: Path) -> bool:
    environments = [folder / python for python in _PYTHONS if (folder / python).is_file()]
    return any(any(python.parents[1].glob(place)) for python in environments for place in _PYTEST_PLACES)


def _arguments(runner: Runner, folder: Path, targets: Sequence[str]) -> list[str]:
    python = next((f"./{name}" for name in _PYTHONS if (folder / name).is_file()), "python3")
    wanted = list(targets)
    commands: dict[str, list[str]] = {
        "pytest": [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *wanted],
        "unittest": [python, "-m", "unittest", *(wanted or ["discover", *_start(folder)])],
        "npm": ["npm", "test", "--silent", *(["--", *wanted] if wanted else [])],
        "cargo": ["cargo", "test", "--offline", *wanted],
        "go": ["go", "test", *(wanted or ["./..."])],
        "make": ["make", *(wanted or ["test"])],
    }
    return commands[runner]


def _start(folder: Path) -> list[str]:
    """Return where unittest begins to look: its default finds no tests in a folder that is no package."""
    places = [place for place in ("tests", "test") if any((folder / place).glob("test*.py"))]
    return (
        ["-s", places[0], "-t", "."]
        if places and (folder / places[0] / "__init__.py").is_file()
        else (["-s", places[0]] if places else [])
    )


def _touches(arguments: RunTests, context: ToolContext) -> Sequence[Touch]:
    return (Touch(relative(context.view.root, arguments.directory), Access.EXECUTE),)


async def _call(arguments: RunTests, context: ToolContext) -> Command:
    root = context.view.root
    directory = relative(root, arguments.directory)
    for target in arguments.targets:
        if target.startswith("-") or "\0" in target:
            raise ToolError(f"{target!r} is no test", fix="Name files or tests; for options use run_command")
    runner = arguments.runner or find_runner(root, directory)
    if not runner:
        raise ToolError(
            "No test runner was found",
            why="Nothing here asks for pytest, unittest, npm, cargo, go or make",
            fix="Name the folder of the project or the runner, or use run_command",
        )
    argv = _arguments(runner, root / directory, arguments.targets)
    return Command(tuple(argv), shlex.join(argv), directory, arguments.seconds, summary=_total_of(runner))


def _total_of(runner: str) -> Callable[[int, str], str]:
    def total(code: int, output: str) -> str:
        lines = [line.strip(" =") for line in output.splitlines() if _TOTAL.search(line)]
        result = "passed" if code == 0 else f"failed (status {code})"
        return f"{runner}: {result}" + (f", {lines[-1][:100]}" if lines else "")

    return total


TOOL = Tool(
    name="run_tests",
    description=(
        "Run the tests of the project, or some of them, in the sandbox, without network. The runner is "
        "found: pytest, unittest, npm test, cargo test, go test or make test. The person sees the command "
        "and may refuse."
    ),
    risk=Risk.CRITICAL,
    arguments=RunTests,
    touches=_touches,
    title=lambda arguments: "running " + (" ".join(arguments.targets)[:80] or "the tests"),
    call=_call,
    commands=True,
)
